import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { ImageError } from '../errors.ts';
import { foreignFile } from '../formats/foreignFiles.ts';
import { openRegular } from '../formats/regularFile.ts';
import { refuseExtra } from '../options.ts';
import { asBuffer } from './asBuffer.ts';
import { bmpSize, decodeBmp } from './bmp.ts';
import { isDeep, rangeOf, readDeep, type Samples, toRgb } from './deepSamples.ts';
import { type Mask, maskOf } from './maskPixels.ts';
import type { Pixels } from './pilResize.ts';
import type { DeepRange } from './sampleRange.ts';
import { isWhiteZero, refuseOddTiff } from './tiffTags.ts';

/** More pixels than this are refused before decoding: decompression bombs. */
export const MAX_PIXELS = 100_000_000;
const MAX_FILE_BYTES = 1 << 29;
/** Of all samples as they are decoded: deep ones are held several times over on the way to 8 bits. */
const MAX_SAMPLE_BYTES = 1 << 29;

/**
 * Embedded profiles are ignored, as PIL does. Broken and truncated data is an error; a warning (such as a
 * malformed text chunk) is not.
 */
const SHARP: SharpOptions = { limitInputPixels: MAX_PIXELS, failOn: 'error', ignoreIcc: true };

/** An image with information from its file. */
export interface DecodedImage {
  readonly pixels: Pixels;
  /** Images in the file, of which the first is read. */
  readonly pages: number;
  /** How samples of more than 8 bits became 8; null where they had no more. */
  readonly deep: DeepRange | null;
}

/**
 * Decodes PNG, JPEG, WebP, TIFF and BMP to interleaved 8-bit RGB. The format is recognised by content, not by
 * extension. The first page or frame is read. Grey is replicated; alpha is dropped, not composited; CMYK is converted
 * to sRGB by libvips; EXIF orientation is applied (PIL leaves that to its caller). Samples of more than 8 bits are
 * stretched from the range that their file declares, else from the full one of their type.
 * @throws ImageError naming the path and the reason, also where that would turn an image black.
 */
export async function decodeImage(path: string, ...extra: never[]): Promise<Pixels> {
  refuseExtra('decodeImage', extra);
  return (await readImage(path)).pixels;
}

/** Where an image comes from, if not from the file that its path names, and how large it may be. */
export interface ImageGiven {
  /** Its file's content; the path is then a name for errors. */
  readonly bytes?: Uint8Array;
  /** Pixels at most; default and highest `MAX_PIXELS`. */
  readonly mostPixels?: number;
}

/** The same, with information from the file. */
export async function readImage(path: string, given: ImageGiven = {}): Promise<DecodedImage> {
  const { mostPixels = MAX_PIXELS } = given;
  return attempt(path, given.bytes, async (bytes, format) => {
    if (format === 'bmp') {
      const { width, height, data } = decodeBmp(bytes, mostPixels);
      return { pixels: rgbOf(width, height, data), pages: 1, deep: null };
    }
    const metadata = await headerOf(bytes, mostPixels);
    const { pages = 1 } = metadata;
    if (isDeep(metadata)) {
      const samples = await readDeep(bytes, metadata, SHARP);
      const deep = rangeOf(samples, bytes, metadata);
      return { pixels: rgbOf(samples.width, samples.height, toRgb(samples, deep.range)), pages, deep };
    }
    const { data, info } = await sharp(bytes, SHARP)
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb =
      info.channels === 3
        ? new Uint8Array(data.buffer, data.byteOffset, data.length)
        : replicate(data, info.channels);
    return { pixels: rgbOf(info.width, info.height, rgb), pages, deep: null };
  });
}

const rgbOf = (width: number, height: number, data: Uint8Array): Pixels => ({
  width,
  height,
  channels: 3,
  layout: 'interleaved',
  data,
});

/**
 * Decodes a mask to one channel of 0 and 255: anomalous is what lies above the middle of its range (`maskOf`).
 * @throws ImageError naming the path and the reason.
 */
export async function decodeMask(path: string, ...extra: never[]): Promise<Mask> {
  refuseExtra('decodeMask', extra);
  return attempt(path, undefined, async (bytes, format) => {
    if (format === 'bmp') {
      const { width, height, data, isPalette } = decodeBmp(bytes, MAX_PIXELS);
      return maskOf({
        width,
        height,
        channels: 3,
        values: data,
        isPalette,
        lossless: true,
        isWhiteZero: false,
      });
    }
    const metadata = await headerOf(bytes);
    const samples = isDeep(metadata) ? await readDeep(bytes, metadata, SHARP) : await readBytes(bytes);
    return maskOf({
      ...samples,
      isPalette: metadata.isPalette ?? false,
      lossless: format === 'webp' ? bytes.includes('VP8L') : format !== 'jpeg',
      isWhiteZero: format === 'tiff' && isWhiteZero(bytes),
    });
  });
}

async function readBytes(bytes: Buffer): Promise<Samples> {
  const { data, info } = await sharp(bytes, SHARP)
    .autoOrient()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, values: data };
}

/** Width and height as decoded (orientation applied), from the header alone. @throws ImageError. */
export async function imageSize(path: string, ...extra: never[]): Promise<{ width: number; height: number }> {
  refuseExtra('imageSize', extra);
  return attempt(path, undefined, async (bytes, format) => {
    if (format === 'bmp') return bmpSize(bytes);
    const { autoOrient } = await headerOf(bytes);
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

async function readImageFile(path: string): Promise<Buffer> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES)
      throw new Error(`the file has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    return await file.readFile();
  } finally {
    await file.close().catch(() => {});
  }
}

/** Names the format of a file that has an image's extension but is not a supported image, if known. */
function foreignImage(bytes: Buffer): string {
  const foreign = foreignFile(bytes.subarray(0, 4096), bytes.length);
  return foreign ? ` but ${foreign.what}` : '';
}

/** The header of an image that is not too large. @throws Error with the reason. */
async function headerOf(bytes: Buffer, mostPixels = MAX_PIXELS): Promise<Metadata> {
  const metadata = await sharp(bytes, { ...SHARP, limitInputPixels: false }).metadata();
  const { width, height } = metadata;
  if (width * height > mostPixels) {
    throw new Error(`it has ${width}x${height} pixels; at most ${mostPixels} are read`);
  }
  const sampleBytes = width * height * metadata.channels * bytesOf(metadata.depth);
  if (sampleBytes > MAX_SAMPLE_BYTES) {
    throw new Error(
      `its ${width}x${height} pixels take ${sampleBytes} bytes, in ${metadata.channels} channels of type ${metadata.depth}; at most ${MAX_SAMPLE_BYTES} are read`,
    );
  }
  return metadata;
}

/** Bytes of a sample of libvips' type. */
export const bytesOf = (depth: string): number =>
  /16|short/.test(depth) ? 2 : /double|complex/.test(depth) ? 8 : /32|int|float/.test(depth) ? 4 : 1;

const UNREAD = 'cannot be read: ';

/** The reason without the path, which the caller puts before it. */
function reasonOf({ message }: Error, path: string): string {
  const line = message.split('\n')[0]!;
  if (!line.startsWith(`${path}: `)) return line;
  const said = line.slice(path.length + 2);
  return said.startsWith(UNREAD) ? said.slice(UNREAD.length) : `it ${said}`;
}

async function attempt<T>(
  path: string,
  given: Uint8Array | undefined,
  decode: (bytes: Buffer, format: Format) => Promise<T>,
): Promise<T> {
  try {
    const bytes = given ? asBuffer(given) : await readImageFile(path);
    if (bytes.length === 0) throw new Error('the file is empty');
    const format = sniff(bytes);
    if (!format) throw new Error(`it is not a PNG, JPEG, WebP, TIFF or BMP file${foreignImage(bytes)}`);
    if (format === 'tiff') refuseOddTiff(bytes);
    if (format === 'jpeg') refuseManyScans(bytes);
    return await decode(bytes, format);
  } catch (cause) {
    throw new ImageError(`cannot read image ${path}: ${reasonOf(cause as Error, path)}`, {
      where: path,
      cause,
    });
  }
}

/** Scans of a progressive JPEG; usual ones have about ten, and each takes as long as the whole image. */
const MOST_SCANS = 500;
const SCAN = Buffer.from([0xff, 0xda]);

/** @throws Error for a small file that would be decoded for minutes. */
function refuseManyScans(bytes: Buffer): void {
  let scans = 0;
  for (let at = bytes.indexOf(SCAN); at >= 0; at = bytes.indexOf(SCAN, at + SCAN.length)) {
    scans += 1;
    if (scans > MOST_SCANS) {
      throw new Error(
        `it is a progressive JPEG of more than ${MOST_SCANS} scans, which are not read; save it again`,
      );
    }
  }
}

function replicate(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels]!;
  return rgb;
}
