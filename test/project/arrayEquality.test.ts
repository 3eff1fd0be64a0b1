import { expect, it } from 'vitest';

it('arrays of numbers are equal where each number is the same, within other values too', () => {
  const same = (a: unknown, b: unknown): void => expect(a).toEqual(b);
  const other = (a: unknown, b: unknown): void => {
    expect(() => same(a, b)).toThrow();
    expect(a).not.toEqual(b);
  };
  same(Float32Array.of(Number.NaN, 0, 1), Float32Array.of(Number.NaN, 0, 1));
  other(Float32Array.of(0), Float32Array.of(-0));
  other(Float32Array.of(1), Float32Array.of(1, 1));
  other(Float32Array.of(1), Float64Array.of(1));
  other(Buffer.from('ab'), Buffer.from('ac'));
  other(Buffer.from('a'), Uint8Array.of(97));
  const made = (last: number) => new Map([['w', { shape: [2], data: Float32Array.of(1, last) }]]);
  same(made(2), made(2));
  other(made(2), made(3));
  const large = (last: number): Float32Array => new Float32Array(4e6).fill(last, -1);
  // Vitest's own would be at these until the test's time is over.
  same(large(1), large(1));
  expect(large(1)).not.toEqual(large(2));
});
