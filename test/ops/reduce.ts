import { mul } from '../../src/graph/ops/pointwise.ts';
import * as ops from '../../src/graph/ops/reduce.ts';
import { input } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import { dropAxes, map2, reduceRef } from '../../src/specs/reference/ops.ts';
import { at, build, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { Sample, SpecTable } from './spec.ts';

const CASES: [Shape, number[]][] = [
  [[1], [0]],
  [[5], [0]],
  [[3, 7], [1]],
  [[3, 7], [0]],
  [
    [2, 5, 3, 4],
    [0, 2, 3],
  ],
  [
    [16, 3, 9, 9],
    [0, 2, 3],
  ],
  [[2, 70000], [1]],
  [[4099], [0]],
  [
    [6, 1, 129],
    [0, 2],
  ],
  [[200, 70], [1]],
];

const samples = (
  run: (x: Parameters<typeof ops.sum>[0], axes: number[]) => ReturnType<typeof ops.sum>,
  reference: (x: Tensor64, axes: number[]) => Tensor64,
  cases = CASES,
): Sample[] =>
  cases.map(([shape, axes]) => ({
    label: `[${shape}] over ${axes}`,
    inputs: [{ shape }],
    run: (x) => run(x, axes),
    reference: (x) => reference(x, axes),
  }));

const sumRef = (x: Tensor64, axes: readonly number[]): Tensor64 =>
  dropAxes(
    reduceRef(x, axes, 0, (a, b) => a + b),
    axes,
  );
const countOf = (x: Tensor64, axes: readonly number[]): number => axes.reduce((p, a) => p * x.shape[a]!, 1);
const scaledRef = (x: Tensor64, factor: number): Tensor64 => ({
  shape: x.shape,
  data: x.data.map((v) => v * factor),
  magnitude: x.magnitude?.map((v) => v * factor),
});
const varianceRef = (x: Tensor64, axes: readonly number[], unbiased: boolean): Tensor64 => {
  const count = countOf(x, axes);
  const kept = scaledRef(
    reduceRef(x, axes, 0, (a, b) => a + b),
    1 / count,
  );
  const squares = map2(x, { shape: kept.shape, data: kept.data }, (a, m) => (a - m) ** 2);
  return scaledRef(sumRef(squares, axes), 1 / (count - (unbiased ? 1 : 0)));
};
const SMALL: typeof CASES = CASES.filter(([shape]) => shape.length > 1 && shape.every((s) => s < 1000));

export const reduceSpecs: SpecTable = {
  sum: {
    samples: [
      ...samples((x, axes) => ops.sum(x, { axes }), sumRef),
      {
        label: 'an empty axis sums to 0',
        inputs: [{ shape: [3, 0] }],
        run: (x) => ops.sum(x, { axes: [1] }),
        reference: () => build([3], () => 0),
      },
    ],
    rejects: [
      [() => ops.sum(input('x', [2, 3]), { axes: [2] }), 'sum: axis expects an integer in [-2, 1], got 2'],
    ],
  },
  mean: {
    samples: samples(
      (x, axes) => ops.mean(x, { axes }),
      (x, axes) => scaledRef(sumRef(x, axes), 1 / countOf(x, axes)),
    ),
  },
  max: {
    samples: samples(
      (x, axes) => ops.max(x, { axes }),
      (x, axes) => dropAxes({ ...reduceRef(x, axes, -Infinity, Math.max), magnitude: undefined }, axes),
    ),
    rejects: [
      [() => ops.max(input('x', [2, 0])), 'max: x expects at least one element to reduce, got [2, 0]'],
    ],
  },
  min: {
    samples: samples(
      (x, axes) => ops.min(x, { axes }),
      (x, axes) => dropAxes({ ...reduceRef(x, axes, Infinity, Math.min), magnitude: undefined }, axes),
      SMALL,
    ),
  },
  variance: {
    ulps: 16,
    samples: samples(
      (x, axes) => ops.variance(x, { axes, unbiased: false }),
      (x, axes) => varianceRef(x, axes, false),
      SMALL,
    ),
  },
  std: {
    ulps: 32,
    samples: samples(
      (x, axes) => ops.std(x, { axes }),
      (x, axes) => {
        const v = varianceRef(x, axes, true);
        return { shape: v.shape, data: v.data.map(Math.sqrt) };
      },
      SMALL.filter(([shape]) => shape.length < 4),
    ),
  },
  argmax: {
    differentiable: false,
    samples: [0, 1, 2].map((axis) => ({
      label: `[4, 37, 3] along ${axis}, with ties`,
      inputs: [{ shape: [4, 37, 3], fill: (u: number) => Math.floor(u * 9) }],
      run: (x) => ops.argmax(x, axis),
      reference: (x) => {
        const shape = x.shape.filter((_, i) => i !== axis);
        return build(shape, (index) => {
          const values = Array.from({ length: x.shape[axis]! }, (_, i) => at(x, index.toSpliced(axis, 0, i)));
          return values.indexOf(Math.max(...values));
        });
      },
    })),
  },
  // The product fuses into the reduction's load.
  dot: {
    samples: [
      {
        label: 'sum of a product, broadcast',
        inputs: [{ shape: [3, 65, 5] }, { shape: [65, 1] }],
        run: (a, b) => ops.sum(mul(a, b), { axes: [0, 2] }),
        reference: (a, b) =>
          sumRef(
            map2(a, b, (x, y) => x * y),
            [0, 2],
          ),
      },
    ],
  },
};
