import { readFile, stat } from 'node:fs/promises';
import sharp, { type SharpOptions } from 'sharp';
import { ImageError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { bmpSize, decodeBmp } from './bmp.ts';
import type { Pixels } from './pilResize.ts';

/** More pixels than this are refused before decoding: decompression bombs. */
const MAX_PIXELS = 100_000_000;
const MAX_FILE_BYTES = 1 << 29;

/**
 * Embedded profiles are ignored, as PIL does. Broken and truncated data is an error; a warning (such as a
 * malformed text chunk) is not.
 */
const SHARP: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: 'error', ignoreIcc: true };

/**
 * Decodes PNG, JPEG, WebP, TIFF (first page) and BMP to interleaved 8-bit RGB. What the file contains counts,
 * not its extension. Grey is replicated; alpha is dropped, not composited; 16-bit samples keep their high
 * byte; CMYK is converted to sRGB by libvips; EXIF orientation is applied (PIL leaves that to its caller).
 * @throws ImageError naming the path and the reason.
 */
export async function decodeImage(path: string, ...extra: never[]): Promise<Pixels> {
  refuseExtra('decodeImage', extra);
  return attempt(path, async (bytes, format) => {
    if (format === 'bmp') {
      const { width, height, data } = decodeBmp(bytes, MAX_PIXELS);
      return { width, height, data, channels: 3, layout: 'interleaved' };
    }
    const { data, info } = await sharp(bytes, SHARP)
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb = info.channels === 3 ? new Uint8Array(data) : replicate(data, info.channels);
    return { width: info.width, height: info.height, channels: 3, data: rgb, layout: 'interleaved' };
  });
}

/**
 * Decodes a mask to one channel of 0 and 255: anomalous is whatever is not 0 in the first channel
 * (evaluation.md 1.2, 1.3), or, in a palette image, in any.
 * @throws ImageError naming the path and the reason.
 */
export async function decodeMask(path: string, ...extra: never[]): Promise<Pixels> {
  refuseExtra('decodeMask', extra);
  return attempt(path, async (bytes, format) => {
    if (format === 'bmp') {
      const { width, height, data, isPalette } = decodeBmp(bytes, MAX_PIXELS);
      return { width, height, channels: 1, layout: 'planar', data: binarise(data, 3, isPalette ? 3 : 1) };
    }
    const { depth, isPalette } = await sharp(bytes, SHARP).metadata();
    const deep = depth === 'ushort';
    const { data, info } = await sharp(bytes, SHARP)
      .autoOrient()
      .toColourspace(deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    const looked = isPalette ? Math.min(3, info.channels) : 1;
    return {
      width: info.width,
      height: info.height,
      channels: 1,
      layout: 'planar',
      data: binarise(values, info.channels, looked),
    };
  });
}

/** Width and height as decoded (orientation applied), from the header alone. @throws ImageError. */
export async function imageSize(path: string, ...extra: never[]): Promise<{ width: number; height: number }> {
  refuseExtra('imageSize', extra);
  return attempt(path, async (bytes, format) => {
    if (format === 'bmp') return bmpSize(bytes);
    const { autoOrient } = await sharp(bytes, SHARP).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  });
}

type Format = 'png' | 'jpeg' | 'webp' | 'tiff' | 'bmp';

/** Only what the data sets use: no SVG, PDF or GIF ever reaches the decoder. */
function sniff(bytes: Buffer): Format | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('RIFF') && head.slice(8) === 'WEBP') return 'webp';
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return 'tiff';
  if (head.startsWith('BM')) return 'bmp';
  return undefined;
}

async function attempt<T>(path: string, decode: (bytes: Buffer, format: Format) => Promise<T>): Promise<T> {
  try {
    const { size } = await stat(path);
    if (size === 0) throw new Error('the file is empty');
    if (size > MAX_FILE_BYTES)
      throw new Error(`the file has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    const bytes = await readFile(path);
    const format = sniff(bytes);
    if (!format) throw new Error('it is not a PNG, JPEG, WebP, TIFF or BMP file');
    return await decode(bytes, format);
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0]!;
    throw new ImageError(`cannot read image ${path}: ${reason}`, { where: path, cause });
  }
}

function replicate(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels]!;
  return rgb;
}

function binarise(values: Uint8Array | Uint16Array, channels: number, looked: number): Uint8Array {
  const mask = new Uint8Array(values.length / channels);
  for (let i = 0; i < mask.length; i++) {
    for (let c = 0; c < looked; c++) if (values[i * channels + c] !== 0) mask[i] = 255;
  }
  return mask;
}
