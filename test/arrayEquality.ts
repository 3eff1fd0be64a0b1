import { expect } from 'vitest';

type Numbers = { readonly length: number; readonly [i: number]: number | bigint };

/**
 * For all tests: `toEqual` of arrays of numbers, wherever they stand in a value. Vitest's own looks every element up by its
 * name, which takes tens of seconds for the weights of a small network. The same is equal: NaN is NaN, -0 is not 0.
 */
expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    if (!isNumbers(a) || !isNumbers(b) || a.constructor !== b.constructor) return undefined;
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
    return true;
  },
]);

const isNumbers = (value: unknown): value is Numbers & object =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);
