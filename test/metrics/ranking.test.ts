import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auroc, averagePrecision, f1Max, pixelAccumulator, rocCurve } from '../../src/metrics/index.ts';
import { testRandom } from '../seed.ts';

interface Golden {
  scores: number[];
  labels: number[];
  auroc: number;
  ap: number;
  f1Max: number;
}
const goldens: Golden[] = JSON.parse(
  readFileSync(new URL('../goldens/metrics/ranking.json', import.meta.url), 'utf8'),
);

describe('image metrics', () => {
  it.each(goldens.map((golden, i) => [i, golden] as const))(
    'image metrics of golden %i equal scikit-learn’s to 1e-9',
    (_, golden) => {
      expect(Math.abs(auroc(golden.scores, golden.labels).value! - golden.auroc)).toBeLessThan(1e-9);
      expect(Math.abs(averagePrecision(golden.scores, golden.labels).value! - golden.ap)).toBeLessThan(1e-9);
      expect(Math.abs(f1Max(golden.scores, golden.labels).value! - golden.f1Max)).toBeLessThan(1e-9);
    },
  );

  it('image metrics are null with a reason for one class only', () => {
    expect(auroc([1, 2], [1, 1])).toEqual({ value: null, reason: 'no normal sample' });
    expect(averagePrecision([1, 2], [0, 0])).toEqual({ value: null, reason: 'no anomalous sample' });
    expect(f1Max([1], [0])).toEqual({ value: null, reason: 'no anomalous sample' });
  });

  it('image metrics are 0.5 and the prevalence for equal scores', () => {
    expect(auroc([3, 3, 3, 3], [0, 1, 1, 1]).value).toBe(0.5);
    expect(averagePrecision([3, 3, 3, 3], [0, 1, 1, 1]).value).toBe(0.75);
  });

  it('image metrics refuse scores that are not finite, by index', () => {
    expect(() => auroc([1, Number.NaN], [0, 1])).toThrow('score 1 is NaN');
  });

  it('image metrics find the best F1 and its threshold', () => {
    expect(f1Max([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toEqual({ value: 0.8, threshold: 0.35 });
  });

  it('a curve goes from (0, 0) to (1, 1), also where the highest score is a false alarm or all scores are equal', () => {
    expect(rocCurve([4, 3, 2, 1], [0, 1, 0, 1])).toEqual([
      [0, 0],
      [0.5, 0],
      [0.5, 0.5],
      [1, 0.5],
      [1, 1],
    ]);
    expect(rocCurve([7, 7], [0, 1])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(rocCurve([1, 2], [1, 1])).toEqual([]);
  });

  it('a curve is thinned to at most the points asked for, both ends included', () => {
    const scores = Array.from({ length: 1000 }, (_, i) => i);
    const points = rocCurve(
      scores,
      scores.map((score) => score % 3 === 0),
      50,
    );
    expect(points.length).toBeGreaterThan(40);
    expect(points.length).toBeLessThanOrEqual(50);
    expect([points[0], points.at(-1)]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe('pixel metrics', () => {
  it('pixel metrics equal the image metrics of the pooled pixels, ties, negatives and -0 included', () => {
    const random = testRandom();
    const accumulator = pixelAccumulator();
    const scores: number[] = [];
    const labels: number[] = [];
    for (let image = 0; image < 5; image++) {
      const map = Float32Array.from(
        { length: 400 },
        () => Math.fround((random.integer(40) - 20) / 7) * (random.integer(2) ? 1 : -1),
      );
      const mask = Uint8Array.from(map, () => (random.next() < 0.2 ? 255 : 0));
      accumulator.add(map, mask);
      scores.push(...map);
      labels.push(...mask);
    }
    const { auroc: area, ap } = accumulator.finish();
    expect(area.value).toBeCloseTo(auroc(scores, labels).value!, 12);
    expect(ap.value).toBeCloseTo(averagePrecision(scores, labels).value!, 12);
  });

  it('pixel metrics fold batches: many more pixels than they keep give the same as one fold', () => {
    const accumulator = pixelAccumulator();
    const map = Float32Array.from({ length: 1 << 20 }, (_, i) => i % 997);
    const mask = Uint8Array.from(map, (value) => (value > 500 ? 1 : 0));
    for (let i = 0; i < 10; i++) accumulator.add(map, mask);
    expect(accumulator.finish().auroc.value).toBe(1);
  });

  it('pixel metrics are null where no pixel is anomalous', () => {
    const accumulator = pixelAccumulator();
    accumulator.add(Float32Array.of(1, 2), Uint8Array.of(0, 0));
    expect(accumulator.finish().ap).toEqual({ value: null, reason: 'no anomalous sample' });
  });
});
