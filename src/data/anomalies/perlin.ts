import type { RandomStream } from '../../random.ts';
import { fade } from '../scalars.ts';
import { turned } from './turn.ts';

/** Grids have up to 2^5 cells a side (methods.md 8.3). */
const EXPONENTS = 6;
/** A pixel is anomalous where the noise exceeds this. */
const THRESHOLD = 0.5;

/**
 * Where an anomaly lies, [side, side] of 0 and 1: Perlin noise on a grid of 2^a x 2^b cells, a and b from 0 to 5, turned by up
 * to 90 degrees either way and thresholded. May be empty. `side`: a multiple of 32.
 */
export function perlinMask(random: RandomStream, side: number): Uint8Array {
  const [down, across] = [2 ** random.integer(EXPONENTS), 2 ** random.integer(EXPONENTS)];
  const noise = perlinNoise(random, side, down, across);
  const angle = (random.between(-90, 90) * Math.PI) / 180;
  const mask = new Uint8Array(side * side);
  for (const [at, value] of turned(noise, side, angle).entries()) mask[at] = Number(value > THRESHOLD);
  return mask;
}

/** Gradient noise (Perlin 2002) on `down` x `across` cells, times sqrt 2: [side, side], about -1 to 1. */
export function perlinNoise(random: RandomStream, side: number, down: number, across: number): Float32Array {
  const corners = (down + 1) * (across + 1);
  const [gradientX, gradientY] = [new Float64Array(corners), new Float64Array(corners)];
  for (let i = 0; i < corners; i++) {
    const angle = random.between(0, 2 * Math.PI);
    gradientX[i] = Math.cos(angle);
    gradientY[i] = Math.sin(angle);
  }
  const noise = new Float32Array(side * side);
  for (let row = 0, at = 0; row < side; row++) {
    const y = (row * down) / side;
    const top = Math.floor(y);
    const v = y - top;
    const fadeV = fade(v);
    for (let column = 0; column < side; column++, at++) {
      const x = (column * across) / side;
      const left = Math.floor(x);
      const u = x - left;
      const corner = top * (across + 1) + left;
      const below = corner + across + 1;
      const fadeU = fade(u);
      const nw = gradientX[corner]! * u + gradientY[corner]! * v;
      const ne = gradientX[corner + 1]! * (u - 1) + gradientY[corner + 1]! * v;
      const sw = gradientX[below]! * u + gradientY[below]! * (v - 1);
      const se = gradientX[below + 1]! * (u - 1) + gradientY[below + 1]! * (v - 1);
      const upper = nw + (ne - nw) * fadeU;
      const lower = sw + (se - sw) * fadeU;
      noise[at] = Math.SQRT2 * (upper + (lower - upper) * fadeV);
    }
  }
  return noise;
}
