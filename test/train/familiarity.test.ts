import { expect, it } from 'vitest';
import { familiarRange, isUnfamiliar, strangeness } from '../../src/train/familiarity.ts';

const range = familiarRange(Float32Array.of(0.25, 1, 0.5, 3, 0.375, 2))!;

it('is the box of the predictions', () => {
  expect(range).toEqual({ u: [0.25, 0.5], gamma: [1, 3], images: 3 });
  expect(familiarRange(new Float32Array(0))).toBeNull();
});

it('marks what lies outside on either axis, the border being inside', () => {
  const outside = (
    [
      [0.25, 1],
      [0.5, 3],
      [0.3, 2],
      [0.2, 2],
      [0.6, 2],
      [0.3, 0.9],
      [0.3, 3.1],
      [0.50001, 3],
    ] as const
  ).map((prediction) => isUnfamiliar(range, prediction));
  expect(outside).toEqual([false, false, false, true, true, true, true, false]);
});

it('has a distance that is above 1 exactly where the mark is', () => {
  expect(strangeness(range, [0.375, 2])).toBe(0);
  expect(strangeness(range, [0.5, 2])).toBe(1);
  expect(strangeness(range, [0.375, 5])).toBe(3);
  const single = familiarRange(Float32Array.of(1, 2))!;
  expect(strangeness(single, [1, 2])).toBe(0);
  expect(strangeness(single, [1, 2.5])).toBeGreaterThan(1000);
});
