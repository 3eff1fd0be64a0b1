import type { Pixels } from '../../../src/data/pilResize.ts';
import { ImageError } from '../../../src/errors.ts';
import { foreignFile } from '../../../src/formats/foreignFiles.ts';

/** More than `wgad predict` reads are refused here too. */
const MAX_PIXELS = 100_000_000;
/** Bytes at the start that say what a file is. */
const LEAD = 1 << 18;

/**
 * An image file as `wgad predict` decodes it: RGB in 8 bits, no colour management, alpha dropped and not composited,
 * turned as its camera says. The browser decodes PNG, JPEG, WebP and BMP.
 * @param name for errors. @param device for images with alpha. @throws ImageError with the reason.
 */
export async function decodePicture(file: Blob, name: string, device: GPUDevice): Promise<Pixels> {
  const refuse = (reason: string, fix?: string, cause?: unknown): ImageError =>
    new ImageError(`cannot read image ${name}: ${reason}`, { where: name, fix, cause });
  if (file.size === 0) throw refuse('the file is empty');
  const lead = new Uint8Array(await file.slice(0, LEAD).arrayBuffer());
  const format = formatOf(lead);
  if (format === 'tiff') {
    throw refuse('browsers do not read TIFF', 'save it as PNG, or judge it with wgad predict');
  }
  if (format === null) {
    const foreign = foreignFile(lead.subarray(0, 4096), file.size);
    throw refuse(`it is not a PNG, JPEG, WebP or BMP file${foreign ? ` but ${foreign.what}` : ''}`);
  }
  if (format === 'png' && lead[DEPTH] === 16) {
    throw refuse(
      'it has 16 bits per channel, which browsers cut to 8 in another way than wgad predict',
      'save it with 8 bits, or judge it with wgad predict',
    );
  }
  if (format === 'jpeg' && channelsOf(lead) === 4) {
    throw refuse(
      'its colours are those of printers (CMYK), which browsers turn to RGB in another way than wgad predict',
      'save it in RGB, or judge it with wgad predict',
    );
  }
  const bitmap = await createImageBitmap(file, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: 'from-image',
  }).catch((cause: unknown) => {
    throw refuse('its data are damaged, or the image is too large for this browser', undefined, cause);
  });
  try {
    if (bitmap.width * bitmap.height > MAX_PIXELS) {
      throw refuse(`it has ${bitmap.width}x${bitmap.height} pixels; at most ${MAX_PIXELS} are read`);
    }
    return hasAlpha(lead, format) ? await rgbUnderAlpha(bitmap, device) : rgbOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Where a PNG says its bits per channel, and after it the kind of its colours. */
const DEPTH = 24;

/** Whether an image may have alpha; a PNG of a palette too, whose transparency stands further on. */
function hasAlpha(lead: Uint8Array, format: 'png' | 'jpeg' | 'webp' | 'bmp'): boolean {
  if (format === 'png') return lead[DEPTH + 1] !== 0 && lead[DEPTH + 1] !== 2;
  return format === 'webp' || format === 'bmp';
}

/** Colours of a JPEG: 4 are those of printers. Null where they stand beyond `lead`. */
function channelsOf(lead: Uint8Array): number | null {
  for (let at = 2; at + 9 < lead.length && lead[at] === 0xff; ) {
    const marker = lead[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return lead[at + 9]!;
    at += 2 + 256 * lead[at + 2]! + lead[at + 3]!;
  }
  return null;
}

function formatOf(lead: Uint8Array): 'png' | 'jpeg' | 'webp' | 'tiff' | 'bmp' | null {
  const head = String.fromCharCode(...lead.subarray(0, 12));
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('RIFF') && head.slice(8) === 'WEBP') return 'webp';
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return 'tiff';
  return head.startsWith('BM') ? 'bmp' : null;
}

/** Rows that are read back at a time: a whole large image would be held twice. */
const ROWS = 1024;

/** Interleaved RGB of an image without alpha, or of a camera's frame. */
export function rgbOf(source: ImageBitmap): Pixels {
  const { width, height } = source;
  const data = new Uint8Array(width * height * 3);
  const canvas = new OffscreenCanvas(width, Math.min(ROWS, height));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  for (let top = 0; top < height; top += ROWS) {
    const rows = Math.min(ROWS, height - top);
    context.drawImage(source, 0, -top);
    dropAlpha(context.getImageData(0, 0, width, rows).data, data, top * width * 3);
  }
  return { width, height, channels: 3, data, layout: 'interleaved' };
}

function dropAlpha(rgba: ArrayLike<number>, data: Uint8Array, at: number): void {
  for (let i = 0; i < rgba.length; i += 4) {
    data[at++] = rgba[i]!;
    data[at++] = rgba[i + 1]!;
    data[at++] = rgba[i + 2]!;
  }
}

/** The same of an image with alpha: a canvas multiplies colours by it, and what is rounded then is lost. A texture keeps them. */
async function rgbUnderAlpha(source: ImageBitmap, device: GPUDevice): Promise<Pixels> {
  const { width, height } = source;
  const texture = device.createTexture({
    size: [width, height],
    format: 'rgba8unorm',
    usage: GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC | GPUTextureUsage.RENDER_ATTACHMENT,
  });
  const bytesPerRow = Math.ceil((width * 4) / ROW_STEP) * ROW_STEP;
  const rows = Math.min(ROWS, height);
  const buffer = device.createBuffer({
    size: bytesPerRow * rows,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    device.queue.copyExternalImageToTexture({ source }, { texture, premultipliedAlpha: false }, [
      width,
      height,
    ]);
    const data = new Uint8Array(width * height * 3);
    for (let top = 0; top < height; top += rows) {
      const some = Math.min(rows, height - top);
      const encoder = device.createCommandEncoder();
      encoder.copyTextureToBuffer({ texture, origin: [0, top] }, { buffer, bytesPerRow }, [width, some]);
      device.queue.submit([encoder.finish()]);
      await buffer.mapAsync(GPUMapMode.READ);
      const bytes = new Uint8Array(buffer.getMappedRange());
      for (let row = 0; row < some; row++) {
        const rgba = bytes.subarray(row * bytesPerRow, row * bytesPerRow + width * 4);
        dropAlpha(rgba, data, (top + row) * width * 3);
      }
      buffer.unmap();
    }
    return { width, height, channels: 3, data, layout: 'interleaved' };
  } finally {
    texture.destroy();
    buffer.destroy();
  }
}

/** Rows of a texture's copy begin at multiples of this. */
const ROW_STEP = 256;
