import { product, type Shape } from '../../../src/shape.ts';

/** Fresh at every run; a failure's message names it. */
export const SEED = Date.now() % 1e6;

let state = SEED;
/** From -2 to 2. */
export const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 32) * 4 - 2;
};

export const signed = (shape: Shape): Float32Array => Float32Array.from({ length: product(shape) }, random);
