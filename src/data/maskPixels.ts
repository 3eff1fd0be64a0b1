import type { Box } from './layouts/layout.ts';
import type { Pixels } from './pilResize.ts';

/** A mask of 0 and 255 in one channel, and hints that the file may not be a mask. */
export interface Mask extends Pixels {
  /** Share of its pixels that are neither black nor white in the file: an edge that was smoothed, JPEG. */
  readonly between: number;
  /** Share of its pixels that are anomalous. */
  readonly marked: number;
  /** Zeros of the file are white (TIFF). */
  readonly isWhiteZero: boolean;
}

/** The values of a mask's file. */
export interface MaskSource {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Interleaved; whole numbers, or floats. */
  readonly values: Uint8Array | Uint16Array | Float32Array;
  /** Colours stand for kinds of defects: any that is not black is one. */
  readonly isPalette: boolean;
  /** Whether the format keeps values as they were written. */
  readonly lossless: boolean;
  /** Whether zeros of the file are white; `values` are turned already. */
  readonly isWhiteZero: boolean;
}

/** Values up to here are numbers of kinds of defects (VisA's are 1 to 9), not shades. */
const MOST_KINDS = 31;

/**
 * Anomalous is what lies above the middle of the mask's range, which goes from 0 to its highest value: with 0 and 255,
 * 0 and 1 or 16 bits alike, and with the shades that JPEG leaves around an edge. A file that holds numbers of kinds
 * instead, none above 31, or colours of a palette, marks whatever is not 0. The first channel counts, alpha never; of a
 * palette, and where the first is dark beside the others (a mask painted in green or blue), the brightest.
 * @throws Error with the reason where a value is no number.
 */
export function maskOf(source: MaskSource): Mask {
  const { width, height, channels, values, isPalette, lossless, isWhiteZero } = source;
  const { isColoured, ...shades } = shadesOf(values, channels, isPalette);
  let white = 0;
  for (let i = 0; i < shades.values.length; i += shades.step) {
    if (shades.values[i]! > white) white = shades.values[i]!;
  }
  const whole = !(values instanceof Float32Array);
  const few = whole && white <= MOST_KINDS;
  const isKinds = (isPalette && isColoured) || (few && lossless);
  // What a lossy format leaves of black alone.
  const isBlack = few && !lossless;
  const above = isBlack ? Number.POSITIVE_INFINITY : isKinds ? 0 : white / 2;
  const data = new Uint8Array(width * height);
  let [marked, between] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const value = shades.values[i * shades.step]!;
    if (value > above) {
      data[i] = 255;
      marked += 1;
    }
    if (!isKinds && value > 0 && value < white) between += 1;
  }
  const share = (count: number): number => count / Math.max(1, data.length);
  return { ...planeOf(data, width, height), between: share(between), marked: share(marked), isWhiteZero };
}

/** The mask of an image of which only boxes are known: what lies in them is anomalous. Parts beyond the image do not count. */
export function maskOfBoxes(boxes: readonly Box[], width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  for (const { left, top, right, bottom } of boxes) {
    const end = Math.min(right, width);
    for (let y = top; y < Math.min(bottom, height) && left < end; y++) {
      data.fill(255, y * width + left, y * width + end);
    }
  }
  const marked = data.reduce((sum, value) => sum + (value >> 7), 0);
  const share = marked / Math.max(1, data.length);
  return { ...planeOf(data, width, height), between: 0, marked: share, isWhiteZero: false };
}

const planeOf = (data: Uint8Array, width: number, height: number) =>
  ({ width, height, channels: 1, layout: 'planar', data }) as const;

/** One value for each pixel, and whether any pixel has a colour. */
function shadesOf(
  values: MaskSource['values'],
  channels: number,
  isPalette: boolean,
): { values: MaskSource['values']; step: number; isColoured: boolean } {
  if (values instanceof Float32Array && values.some((value) => !Number.isFinite(value))) {
    throw new Error('its values are not all finite numbers');
  }
  let isColoured = false;
  let [first, others] = [0, 0];
  for (let i = 0; channels >= 3 && i < values.length; i += channels) {
    const [r, g, b] = [values[i]!, values[i + 1]!, values[i + 2]!];
    if (r !== g || g !== b) isColoured = true;
    if (r > first) first = r;
    if (Math.max(g, b) > others) others = Math.max(g, b);
  }
  if (!isColoured || !(isPalette || first < others / 2)) return { values, step: channels, isColoured };
  const shades = values.slice(0, values.length / channels);
  for (let i = 0; i < shades.length; i++) {
    const at = i * channels;
    shades[i] = Math.max(values[at]!, values[at + 1]!, values[at + 2]!);
  }
  return { values: shades, step: 1, isColoured };
}
