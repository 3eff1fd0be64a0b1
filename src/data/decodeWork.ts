import { FileError, ImageError, WgadError } from '../errors.ts';
import { readRegular } from '../formats/regularFile.ts';
import { asBuffer } from './asBuffer.ts';
import { type DecodedImage, decodeMask, type ImageGiven, imageSize, readImage } from './decode.ts';
import { fitImage, fitMask, type MaskRule } from './fit.ts';
import type { Frame } from './frame.ts';
import { imageDamage } from './imageDamage.ts';
import type { Mask } from './maskPixels.ts';
import { type Pixels, pilResize } from './pilResize.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What can be made of an image's file in another thread or process; small beside the image but for the last two. */
interface Made {
  /** Planes of RGB, [3, size, size]. */
  pixels: Uint8Array;
  /** Of a whole image that could be decoded. */
  facts: Size & Omit<DecodedImage, 'pixels'>;
  size: Size;
  /** The image itself, or made `side` pixels wide and high, and its own size. */
  image: Size & { readonly pixels: Pixels };
  /** `fitted` [size, size] of 0 and 1 where a frame was given, `data` where the whole was asked for; else null. */
  mask: Omit<Mask, 'data'> & { readonly fitted: Uint8Array | null; readonly data: Uint8Array | null };
}

interface Wanted {
  pixels: { readonly frame: Required<Frame> } & ImageGiven;
  facts: object;
  size: object;
  image: { readonly side?: number | undefined };
  mask: { readonly frame?: Required<Frame>; readonly rule?: MaskRule; readonly whole?: boolean };
}

export type DecodeKind = keyof Made;
export type DecodeWork<K extends DecodeKind = DecodeKind> = {
  [P in K]: { readonly what: P; readonly path: string } & Wanted[P];
}[K];
export type Decoded<K extends DecodeKind = DecodeKind> = Made[K];

const MAKERS: { readonly [K in DecodeKind]: (work: DecodeWork<K>) => Promise<Made[K]> } = {
  pixels: async ({ path, frame, bytes, mostPixels }) =>
    fitImage((await readImage(path, { bytes, mostPixels })).pixels, frame),
  async facts({ path }) {
    const { pixels, pages, deep } = await readImage(path);
    return { width: pixels.width, height: pixels.height, pages, deep };
  },
  size: ({ path }) => imageSize(path),
  async image({ path, side }) {
    const { pixels } = await readImage(path);
    const { width, height } = pixels;
    return { width, height, pixels: side === undefined ? pixels : pilResize(pixels, side, side) };
  },
  mask: async ({ path, ...wanted }) => maskMade(await decodeMask(path), wanted),
};

/** What is wanted of a mask. */
export const maskMade = (
  { data, ...mask }: Mask,
  { frame, rule, whole }: Wanted['mask'],
): Decoded<'mask'> => ({
  ...mask,
  fitted: frame ? fitMask({ ...mask, data }, frame, rule) : null,
  data: whole ? data : null,
});

/** Does the work here and now. @throws ImageError naming the path and the reason. */
export function doWork<K extends DecodeKind>(work: DecodeWork<K>): Promise<Made[K]> {
  const make: (work: DecodeWork<K>) => Promise<Made[K]> = MAKERS[work.what];
  return make(work);
}

/** What was given of an image beside its path. */
export const givenOf = (work: DecodeWork): ImageGiven => (work.what === 'pixels' ? work : {});

/** Messages of libvips for damage without a known reason. */
const SAYS_NOTHING = /Unknown error$|corrupt header: *$/;

/** The error of a decode that was alone, with a reason of our own where libvips has none. */
export async function explained(work: DecodeWork, error: unknown): Promise<unknown> {
  if (!(error instanceof ImageError && SAYS_NOTHING.test(error.message))) return error;
  const { path } = work;
  const { bytes } = givenOf(work);
  const reason = imageDamage(bytes ? asBuffer(bytes) : await readRegular(path));
  return new ImageError(`cannot read image ${path}: ${reason}`, { where: path, cause: error });
}

/** Whether the decoder refused the image, rather than the file system the file. */
export const isOfDecoder = (error: unknown): boolean =>
  error instanceof ImageError && !(error.cause instanceof FileError);

/** An error as it is sent from another thread or process. */
export interface Failure {
  readonly message: string;
  readonly where: string;
  readonly ofDecoder: boolean;
}

export const failureOf = (error: unknown, path: string): Failure => ({
  message: (error as Error).message,
  where: (error instanceof WgadError ? error.where : undefined) ?? path,
  ofDecoder: isOfDecoder(error),
});

export const errorOf = ({ message, where, ofDecoder }: Failure): ImageError =>
  new ImageError(message, { where, cause: ofDecoder ? undefined : new FileError(message, { where }) });
