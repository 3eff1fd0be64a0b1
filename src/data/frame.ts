import { ConfigError, gotText } from '../errors.ts';
import { type OptionNames, requireOptions } from '../options.ts';

/** How images and masks become squares of `size` pixels: resized to `resize`, of which the middle is taken. */
export interface Frame {
  /** Side in pixels. */
  readonly size: number;
  /** Default `size`: the whole image. */
  readonly resize?: number;
  /** Default `pil`, which antialiases; `opencv` does not. Masks are always resized as Pillow does. */
  readonly resample?: Resample;
}

export const FRAME: OptionNames<Frame> = { size: true, resize: true, resample: true };

/** Pillow's bilinear, or OpenCV's. */
export const RESAMPLES = ['pil', 'opencv'] as const;
export type Resample = (typeof RESAMPLES)[number];

/**
 * The frame that a side alone means: the whole image at that size.
 * @throws ConfigError unless sides are whole, and no more is taken than there is after the resize.
 */
export function frameOf(frame: number | Frame): Required<Frame> {
  const given: Partial<Frame> = typeof frame === 'object' && frame !== null ? frame : { size: frame };
  requireOptions('image frame', given, FRAME);
  const { size = Number.NaN, resize = size, resample = 'pil' } = given;
  const sides = [size, resize].every((side) => Number.isSafeInteger(side) && side >= 1);
  if (!sides || resize < size || !RESAMPLES.includes(resample)) {
    throw new ConfigError(
      `image frame: expects a whole size of at least 1, resize of at least size and resample ${RESAMPLES.join(' or ')}, got ${gotText(given.size)}, ${gotText(resize)} and ${gotText(resample)}`,
    );
  }
  return { size, resize, resample };
}

/** The middle `size` x `size` of interleaved values [resize, resize, channels], as torchvision's CenterCrop has it. */
export function cropMiddle(
  data: Uint8Array,
  { size, resize }: Pick<Required<Frame>, 'size' | 'resize'>,
  channels: number,
): Uint8Array {
  if (size === resize) return data;
  const first = Math.round((resize - size) / 2);
  const cropped = new Uint8Array(size * size * channels);
  for (let row = 0; row < size; row++) {
    const from = ((first + row) * resize + first) * channels;
    cropped.set(data.subarray(from, from + size * channels), row * size * channels);
  }
  return cropped;
}
