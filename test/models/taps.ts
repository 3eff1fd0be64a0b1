import { expect } from 'vitest';
import { sampled } from './hashed.ts';

/** What a script under tools/ keeps of a tensor: its L2 norm, and numbers from evenly spread places (`sampled`). */
export interface Tap {
  shape: number[];
  norm: number;
  sample: number[];
}

export const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

/** Within 1e-4, relative: the norm, and the L2 distance of the sample. */
export function expectTap(got: Float32Array, { norm: whole, sample }: Tap, name: string): void {
  const own = Math.sqrt(got.reduce((sum, v) => sum + v * v, 0));
  expect(Math.abs(own / whole - 1), `norm of ${name}`).toBeLessThan(1e-4);
  const error = norm(sampled(got, sample.length).map((v, i) => v - sample[i]!));
  expect(error / norm(sample), name).toBeLessThan(1e-4);
}
