import { DatasetError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { decoded } from './decoding.ts';
import { type MaskRule, requireRule } from './fit.ts';
import { type Frame, frameOf } from './frame.ts';
import { normalize } from './normalize.ts';

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
