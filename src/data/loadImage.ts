import { DatasetError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { decoded } from './decoding.ts';
import { type MaskRule, requireRule } from './fit.ts';
import { type Frame, frameOf } from './frame.ts';

/** Means of ImageNet's red, green and blue, of values in 0 to 1. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
/** Standard deviations of the same. */
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/**
 * An image as the networks take it: decoded to RGB, resized to exactly `frame` (the aspect ratio is not kept) as PIL or
 * OpenCV does, and normalised with ImageNet's statistics. [3, size, size].
 * @param frame a number: the whole image at that size.
 * @throws ImageError naming the path and the reason; ConfigError for an invalid frame.
 */
export async function loadImage(
  path: string,
  frame: number | Frame,
  ...extra: never[]
): Promise<Float32Array> {
  refuseExtra('loadImage', extra);
  return normalize(await loadPixels(path, frame));
}

/** The same before normalisation: RGB in 8 bits, [3, size, size]. @throws as `loadImage`. */
export async function loadPixels(
  path: string,
  frame: number | Frame,
  ...extra: never[]
): Promise<Uint8Array> {
  refuseExtra('loadPixels', extra);
  const whole = frameOf(frame);
  return decoded({ what: 'pixels', path, frame: whole });
}

/** 8-bit RGB planes to ImageNet-normalised floats, into `out` at `offset` if given. */
export function normalize(
  pixels: Uint8Array,
  out: Float32Array = new Float32Array(pixels.length),
  offset = 0,
  ...extra: never[]
): Float32Array {
  refuseExtra('normalize', extra);
  const plane = pixels.length / 3;
  for (let c = 0; c < 3; c++) {
    const table = NORMALIZED[c]!;
    for (let i = c * plane; i < (c + 1) * plane; i++) out[offset + i] = table[pixels[i]!]!;
  }
  return out;
}

/** In float32 steps, as torchvision's ToTensor and Normalize take them. */
const NORMALIZED = IMAGENET_MEAN.map((mean, c) =>
  Float32Array.from({ length: 256 }, (_, value) => {
    const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean));
    return centred / Math.fround(IMAGENET_STD[c]!);
  }),
);

/**
 * A mask at evaluation size, [size, size] of 0 and 1 (evaluation.md 3.3): what lies above the middle of its range is
 * anomalous (`decodeMask`), then resized by PIL's bilinear. `any` (default): positive wherever the result is not 0;
 * `half`: above one half; `nearest`: PIL's nearest instead. With `imagePath`, the two native sizes must agree.
 * @throws ImageError for an unreadable file, DatasetError naming both sizes where they differ.
 */
export async function loadMask(
  path: string,
  frame: number | Frame,
  rule: MaskRule = 'any',
  imagePath?: string,
  ...extra: never[]
): Promise<Uint8Array> {
  refuseExtra('loadMask', extra);
  requireRule(rule);
  const whole = frameOf(frame);
  const mask = await decoded({ what: 'mask', path, frame: whole, rule });
  if (imagePath !== undefined) {
    const image = await decoded({ what: 'size', path: imagePath });
    if (image.width !== mask.width || image.height !== mask.height) {
      throw new DatasetError(
        `mask ${path} is ${mask.width}x${mask.height}, but its image ${imagePath} is ${image.width}x${image.height}`,
        { where: path, fix: 'Masks have the size of their images.' },
      );
    }
  }
  return mask.fitted!;
}
