import { expect, it } from 'vitest';
import {
  familiarRange,
  gapOf,
  type Impression,
  isUnfamiliar,
  overTiles,
  strangeGap,
  strangePrediction,
} from '../../src/score/familiarity.ts';

const seen = (predictedU: number, predictedGamma: number, u: number): Impression => ({
  predictedU,
  predictedGamma,
  u,
});
/** Gaps of -0.25, 0.1 and 0.25. */
const range = familiarRange([seen(0.25, 1.25, 0), seen(0.5, 3, 0.75), seen(0.375, 2.375, 0.875)])!;

it('is the box of the predictions and of how far the maps exceed them', () => {
  expect(range).toEqual({ u: [0.25, 0.5], gamma: [1.25, 3], gap: [-0.25, 0.25], images: 3 });
  expect(familiarRange([])).toBeNull();
});

it('marks a prediction outside on either axis, and a map that exceeds it too far, the border being inside', () => {
  const marked = (
    [
      [0.25, 1.25, 0.25],
      [0.5, 3, 0.5],
      [0.5, 2.5, 1],
      [0.50001, 3, 0.5],
      [0.2, 2, 0.2],
      [0.6, 2, 0.6],
      [0.3, 1.2, 0.3],
      [0.3, 3.1, 0.3],
      [0.5, 2.5, 1.01],
    ] as const
  ).map(([predictedU, predictedGamma, u]) => isUnfamiliar(range, seen(predictedU, predictedGamma, u)));
  expect(marked).toEqual([false, false, false, false, true, true, true, true, true]);
  // A map below what was predicted is no sign of anything unknown.
  expect(isUnfamiliar(range, seen(0.5, 2.5, -9))).toBe(false);
});

it('measures distances in half widths of the range', () => {
  const middle = seen(0.375, 2.125, 0.375);
  expect([strangePrediction(range, middle), strangeGap(range, middle)]).toEqual([0, 0]);
  expect(strangePrediction(range, seen(0.5, 2.125, 0.5))).toBe(1);
  expect(strangePrediction(range, seen(0.375, 6.5, 0.375))).toBe(5);
  expect(strangeGap(range, seen(0, 1, 0.5))).toBe(2);
  const single = familiarRange([seen(1, 2, 1.5)])!;
  expect(strangePrediction(single, seen(1, 2, 1.5))).toBe(0);
  expect(strangePrediction(single, seen(1, 2.5, 1.5))).toBeGreaterThan(1000);
});

it('stays finite where the predicted maximum lies below the predicted mean', () => {
  expect(gapOf(seen(0.5, 0.4, 0.6))).toBeCloseTo(1e5, 0);
});

it('of tiles are the mean of the means, and the highest of the maxima', () => {
  expect(overTiles([seen(0.25, 1, 0.5), seen(0.75, 3, 1), seen(0.5, 2, 3)])).toEqual(seen(0.5, 3, 1.5));
  expect(overTiles([seen(0.25, 1, 0.5)])).toEqual(seen(0.25, 1, 0.5));
});
