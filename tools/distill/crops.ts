import { type Pixels, pilResize } from '../../src/data/pilResize.ts';
import type { RandomStream } from '../../src/random.ts';
import { mirrored } from '../pretrain/piece.ts';

/** A photograph and its halves, quarters and so on, each interleaved RGB of 8 bits. */
export type Photograph = readonly Pixels[];

/** Shorter sides above this are scaled down to it: a photograph then takes at most about 15 MB. */
const SHORTER_SIDE = 1536;
/** The smallest picture in a pyramid. */
const LEAST_SIDE = 32;

/** Makes the pyramid of a decoded picture. */
export function photographOf(pixels: Pixels): Photograph {
  const shrink = Math.min(1, SHORTER_SIDE / Math.min(pixels.width, pixels.height));
  const scaled = (picture: Pixels, factor: number): Pixels =>
    pilResize(picture, Math.round(picture.width * factor), Math.round(picture.height * factor));
  const levels = [shrink < 1 ? scaled(pixels, shrink) : pixels];
  for (let last = levels[0]!; Math.min(last.width, last.height) >= 2 * LEAST_SIDE; ) {
    last = scaled(last, 0.5);
    levels.push(last);
  }
  return levels;
}

/** Smallest crop: this share of the photograph's shorter side, unless the photograph is too small for it. */
const LEAST_SHARE = 0.1;
/** No crop is magnified more than this. */
const MAGNIFIED = 1.5;

/**
 * Fills `out` [3, size, size], values in [0, 1], with a random part of a photograph: any place, any size between a tenth of
 * its shorter side and all of it (in equal shares of octaves), mirrored or not, up to a quarter longer one way than the
 * other; one half turned by any angle, the other by quarter turns.
 */
export function drawCrop(
  photograph: Photograph,
  random: RandomStream,
  size: number,
  out: Float32Array,
): void {
  const { width, height } = photograph[0]!;
  const shorter = Math.min(width, height);
  const most = shorter / size;
  const least = Math.min(most, Math.max(most * LEAST_SHARE, 1 / MAGNIFIED));
  const scale = Math.exp(random.between(Math.log(least), Math.log(most)));
  const stretch = Math.exp(random.between(-0.11, 0.11));
  const free = random.next() < 0.5;
  const angle = free ? random.between(0, 2 * Math.PI) : (random.integer(4) * Math.PI) / 2;
  const flip = random.next() < 0.5 ? -1 : 1;
  const half = (scale * size) / 2;
  const centreX = random.between(half, Math.max(half, width - half));
  const centreY = random.between(half, Math.max(half, height - half));
  const level = Math.min(photograph.length - 1, Math.max(0, Math.round(Math.log2(scale))));
  const picture = photograph[level]!;
  const [toLevelX, toLevelY] = [picture.width / width, picture.height / height];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const plane = size * size;
  for (let i = 0, at = 0; i < size; i++) {
    const down = (i + 0.5 - size / 2) * scale * stretch;
    for (let j = 0; j < size; j++, at++) {
      const right = ((j + 0.5 - size / 2) * scale * flip) / stretch;
      const x = (centreX + cos * right - sin * down) * toLevelX - 0.5;
      const y = (centreY + sin * right + cos * down) * toLevelY - 0.5;
      sample(picture, x, y, out, at, plane);
    }
  }
}

/** The colour between four pixels, in [0, 1]; the picture is mirrored beyond its edges. */
function sample(
  { width, height, data }: Pixels,
  x: number,
  y: number,
  out: Float32Array,
  at: number,
  plane: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [a, b] = [x - left, y - top];
  const [x0, x1] = [mirrored(left, width), mirrored(left + 1, width)];
  const [y0, y1] = [mirrored(top, height) * width, mirrored(top + 1, height) * width];
  for (let c = 0; c < 3; c++) {
    const upper = data[3 * (y0 + x0) + c]! * (1 - a) + data[3 * (y0 + x1) + c]! * a;
    const lower = data[3 * (y1 + x0) + c]! * (1 - a) + data[3 * (y1 + x1) + c]! * a;
    out[c * plane + at] = (upper * (1 - b) + lower * b) / 255;
  }
}
