import { describe, expect, it } from 'vitest';
import { alarmThreshold, bootstrapThreshold, lowestRate } from '../../src/metrics/index.ts';
import { RandomStream } from '../../src/random.ts';

const normals = (count: number, seed: number): Float32Array => {
  const random = new RandomStream(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};
const flagged = (scores: Float32Array, value: number): number =>
  scores.filter((score) => score >= value).length / scores.length;

describe('alarmThreshold', () => {
  it('alarmThreshold flags what exceeds the k-th highest normal score, k = rate times (n + 1)', () => {
    const scores = Float32Array.from({ length: 99 }, (_, i) => i);
    const at = (rate: number): number => alarmThreshold(scores, rate)!.value;
    expect([at(0.01) > 98, at(0.01) < 98.001]).toEqual([true, true]);
    expect([at(0.05) > 94, at(0.05) < 94.001]).toEqual([true, true]);
    expect(alarmThreshold(scores, 0.05)!.rate).toBeCloseTo(0.05, 12);
    expect(alarmThreshold(scores, 0.019)!.rate).toBeCloseTo(0.01, 12);
  });

  it('alarmThreshold keeps its promise for new scores, on the average over calibration sets', () => {
    let total = 0;
    for (let seed = 0; seed < 200; seed++) {
      total += flagged(normals(2000, 1000 + seed), alarmThreshold(normals(60, seed), 0.05)!.value) / 200;
    }
    expect(total).toBeGreaterThan(0.04);
    expect(total).toBeLessThan(0.055);
  });

  it('alarmThreshold is null where so few scores cannot vouch for the rate', () => {
    expect(alarmThreshold(normals(98, 0), 0.01)).toBeNull();
    expect(alarmThreshold(normals(98, 0), lowestRate(98))).not.toBeNull();
    expect(alarmThreshold([], 0.5)).toBeNull();
  });

  it('alarmThreshold flags no score equal to the one it stands on, negative or zero', () => {
    for (const score of [-3, -0.1, 0, 1e-30, 7]) {
      const { value } = alarmThreshold([score], 0.5)!;
      expect(value).toBeGreaterThan(score);
      expect(value - score).toBeLessThan(1e-6);
    }
  });
});

describe('bootstrapThreshold', () => {
  it('bootstrapThreshold holds the threshold, narrows with more images, and depends on the seed alone', () => {
    const width = (count: number): number => {
      const scores = normals(count, 4);
      const { low, high } = bootstrapThreshold(scores, 0.05, 0);
      const { value } = alarmThreshold(scores, 0.05)!;
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      return high - low;
    };
    expect(width(1600)).toBeLessThan(0.6 * width(100));
    const scores = normals(50, 1);
    const before = scores.slice();
    expect(bootstrapThreshold(scores, 0.1, 3)).toEqual(bootstrapThreshold(scores, 0.1, 3));
    expect(scores).toEqual(before);
  });

  it('bootstrapThreshold covers the true threshold about as often as it says', () => {
    // The 95th percentile of the standard normal distribution.
    let covered = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { low, high } = bootstrapThreshold(normals(400, seed), 0.05, seed, { resamples: 100 });
      if (low <= 1.6449 && high >= 1.6449) covered += 1;
    }
    expect(covered).toBeGreaterThan(50);
  });
});
