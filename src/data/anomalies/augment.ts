/** What a texture may go through before it becomes an anomaly. All work on 8-bit RGB planes [3, side, side]. */
import type { RandomStream } from '../../random.ts';
import { scaleBrightness, shiftHueAndSaturation } from './colour.ts';
import { turnedPixels } from './turn.ts';

/** In place or as new planes. */
type Augmentation = (pixels: Uint8Array, side: number, random: RandomStream) => Uint8Array;

/** Where methods.md 8.3 gives no range (sharpness, solarise, posterise, autocontrast), it is ours. */
export const AUGMENTATIONS = {
  gamma: (pixels, _, random) =>
    byChannel(pixels, () => {
      // Uniform in [0.5, 2].
      const gamma = random.between(0.5, 2);
      return (value) => 255 * (value / 255) ** gamma;
    }),
  brightness: (pixels, _, random) =>
    scaleBrightness(pixels, random.between(0.8, 1.2), random.between(-30, 30)),
  /** From nearly smooth to as much beyond. */
  sharpness: (pixels, side, random) => sharpened(pixels, side, random.between(0.1, 1.9)),
  hueAndSaturation: (pixels, _, random) =>
    shiftHueAndSaturation(pixels, random.between(-50, 50) / 255, random.between(-50, 50)),
  /** Inverts what is brighter than a threshold. */
  solarise: (pixels, _, random) => {
    const threshold = random.between(32, 128);
    return byChannel(pixels, () => (value) => (value >= threshold ? 255 - value : value));
  },
  /** Keeps the highest 1 to 7 bits. */
  posterise: (pixels, _, random) => {
    const step = 2 ** (1 + random.integer(7));
    return byChannel(pixels, () => (value) => value - (value % step));
  },
  invert: (pixels) => byChannel(pixels, () => (value) => 255 - value),
  /** Stretches each channel to the full range, up to a fifth of its pixels cut off at either end. */
  autocontrast: (pixels, _, random) => {
    const cut = random.between(0, 0.2);
    return byChannel(pixels, (histogram, count) => {
      const low = quantile(histogram, cut * count);
      const high = 255 - quantile(histogram.toReversed(), cut * count);
      return (value) => (high > low ? ((value - low) * 255) / (high - low) : value);
    });
  },
  /** Spreads each channel so that all levels are about equally frequent. */
  equalise: (pixels) =>
    byChannel(pixels, (histogram, count) => {
      const below = new Float64Array(256);
      for (let i = 1; i < 256; i++) below[i] = below[i - 1]! + histogram[i - 1]!;
      const brightest = histogram.findLastIndex((many) => many > 0);
      const spread = count - histogram[brightest]!;
      return (value) => (spread > 0 ? (255 * below[value]!) / spread : value);
    }),
  rotate: (pixels, side, random) => turnedPixels(pixels, side, (random.between(-45, 45) * Math.PI) / 180),
} as const satisfies Readonly<Record<string, Augmentation>>;

export type AugmentationName = keyof typeof AUGMENTATIONS;
const NAMES = Object.keys(AUGMENTATIONS) as AugmentationName[];

/** How many a texture goes through. */
const COUNT = 3;

/** Three distinct ones, in the order they are applied. */
export const drawAugmentations = (random: RandomStream): AugmentationName[] =>
  random.shuffle([...NAMES]).slice(0, COUNT);

export function augment(pixels: Uint8Array, side: number, random: RandomStream): Uint8Array {
  let image = pixels;
  for (const name of drawAugmentations(random)) image = AUGMENTATIONS[name](image, side, random);
  return image;
}

/** Each channel through a table of its own, which may look at the channel's histogram. */
function byChannel(
  pixels: Uint8Array,
  tableFor: (histogram: number[], count: number) => (value: number) => number,
): Uint8Array {
  const plane = pixels.length / 3;
  const out = new Uint8Array(pixels.length);
  for (let c = 0; c < 3; c++) {
    const channel = pixels.subarray(c * plane, (c + 1) * plane);
    const histogram = new Array<number>(256).fill(0);
    for (const value of channel) histogram[value]!++;
    const of = tableFor(histogram, plane);
    const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => of(value));
    for (let i = 0; i < plane; i++) out[c * plane + i] = table[channel[i]!]!;
  }
  return out;
}

/** The first level up to which there are more than `rank` pixels. */
function quantile(histogram: readonly number[], rank: number): number {
  let seen = 0;
  return histogram.findIndex((many) => {
    seen += many;
    return seen > rank;
  });
}

/** Between the image smoothed by (1 1 1; 1 5 1; 1 1 1) / 13, at 0, and beyond the image itself, at 1; edges stay. */
function sharpened(pixels: Uint8Array, side: number, factor: number): Uint8Array {
  const out = Uint8ClampedArray.from(pixels);
  for (let row = 0; row < pixels.length / side; row++) {
    const line = row % side;
    if (line === 0 || line === side - 1) continue;
    for (let at = row * side + 1; at < (row + 1) * side - 1; at++) {
      let sum = 4 * pixels[at]!;
      for (const from of [at - side, at, at + side]) {
        sum += pixels[from - 1]! + pixels[from]! + pixels[from + 1]!;
      }
      const smooth = sum / 13;
      out[at] = smooth + factor * (pixels[at]! - smooth);
    }
  }
  return new Uint8Array(out.buffer);
}
