import * as ops from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import { softmax } from '../nn/softmax.ts';
import { std, variance } from '../nn/variance.ts';
import { product, type Shape } from '../shape.ts';
import { dropAxes, map2, reduceRef, softmaxRef } from './reference/ops.ts';
import { largestPlaces } from './reference/order.ts';
import { at, build, type Tensor64 } from './reference/tensor64.ts';
import { ANY_DTYPE, type OpSpec, type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

type Case = readonly [Shape, readonly number[]];

/** Many lanes share a sum; a prime number of terms. */
const ROWS: Case = [[7, 1009], [1]];
/** One lane a sum: neighbouring sums lie next to each other. */
const COLUMNS: Case = [[3, 7], [0]];
/** Axes that do not lie next to each other. */
const CHANNELS: Case = [
  [2, 5, 3, 4],
  [0, 2, 3],
];
/** A sum in several parts, of which the last is shorter. */
const SPLIT: Case = [[4099], [0]];

type Reduce = (x: Value, axes: readonly number[]) => Value;
type Reference = (x: Tensor64, axes: readonly number[]) => Tensor64;

function reducing(
  run: Reduce,
  reference: Reference,
  cases: readonly [Case, ...Case[]],
  more: Partial<OpSpec> = {},
): OpSpec {
  return {
    ...more,
    samples: samplesOf(cases, ([shape, axes]) => ({
      label: `[${shape}] over ${axes}`,
      inputs: shaped(shape),
      run: (x) => run(x, axes),
      reference: (x) => reference(x, axes),
    })),
  };
}

const countOf = (x: Tensor64, axes: readonly number[]): number => product(axes.map((axis) => x.shape[axis]!));
const scaledRef = (x: Tensor64, factor: number): Tensor64 => ({
  shape: x.shape,
  data: x.data.map((v) => v * factor),
  magnitude: x.magnitude?.map((v) => v * factor),
});
const sumOf = (x: Tensor64, axes: readonly number[]): Tensor64 => reduceRef(x, axes, 0, (a, b) => a + b);
const sumRef: Reference = (x, axes) => dropAxes(sumOf(x, axes), axes);
const extremeRef =
  (start: number, join: (a: number, b: number) => number): Reference =>
  (x, axes) =>
    dropAxes({ ...reduceRef(x, axes, start, join), magnitude: undefined }, axes);
const varianceRef = (x: Tensor64, axes: readonly number[], unbiased: boolean): Tensor64 => {
  const count = countOf(x, axes);
  const { shape, data } = scaledRef(sumOf(x, axes), 1 / count);
  const squares = map2(x, { shape, data }, (a, mean) => (a - mean) ** 2);
  return scaledRef(sumRef(squares, axes), 1 / (count - (unbiased ? 1 : 0)));
};

const alongAxis = (axis: number): Sample => ({
  label: `[4, 37, 3] along ${axis}, with ties`,
  inputs: [{ shape: [4, 37, 3], fill: (uniform) => Math.floor(uniform * 9) }],
  run: (x) => ops.argmax(x, axis),
  reference: (x) =>
    build(x.shape.toSpliced(axis, 1), (index) => {
      const values = Array.from({ length: x.shape[axis]! }, (_, i) => at(x, index.toSpliced(axis, 0, i)));
      return largestPlaces(values, 1)[0]!;
    }),
});

export const reduceSpecs = {
  sum: reducing(
    (x, axes) => ops.sum(x, { axes }),
    sumRef,
    [
      ROWS,
      COLUMNS,
      CHANNELS,
      SPLIT,
      [[1], [0]],
      // Each part in several runs.
      [[2, 70000], [1]],
      // Nothing sums to 0.
      [[3, 0], [1]],
    ],
    { dtypes: ANY_DTYPE },
  ),
  mean: reducing(
    (x, axes) => ops.mean(x, { axes }),
    (x, axes) => scaledRef(sumRef(x, axes), 1 / countOf(x, axes)),
    [COLUMNS, SPLIT],
  ),
  prod: reducing(
    (x, axes) => ops.prod(x, { axes }),
    (x, axes) => dropAxes({ ...reduceRef(x, axes, 1, (a, b) => a * b), magnitude: undefined }, axes),
    [CHANNELS, [[3, 5, 2], [1]], [[2, 37], [1]], [[3, 0], [1]]],
    { ulps: 64, dtypes: ANY_DTYPE },
  ),
  max: reducing((x, axes) => ops.max(x, { axes }), extremeRef(-Infinity, Math.max), [ROWS, COLUMNS, SPLIT], {
    ulps: 0,
    dtypes: ANY_DTYPE,
  }),
  min: reducing((x, axes) => ops.min(x, { axes }), extremeRef(Infinity, Math.min), [ROWS, COLUMNS], {
    ulps: 0,
    dtypes: ANY_DTYPE,
  }),
  variance: reducing(
    (x, axes) => variance(x, { axes, unbiased: false }),
    (x, axes) => varianceRef(x, axes, false),
    [CHANNELS],
    { ulps: 16, doctor: 0 },
  ),
  std: reducing(
    (x, axes) => std(x, { axes }),
    (x, axes) => {
      const { shape, data } = varianceRef(x, axes, true);
      return { shape, data: data.map(Math.sqrt) };
    },
    [ROWS],
    { ulps: 32 },
  ),
  argmax: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    differentiable: false,
    samples: samplesOf([1, 0, 2], alongAxis),
  },
  argmin: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    differentiable: false,
    doctor: 0,
    samples: [
      {
        label: '[4, 37, 3] along 1, with ties',
        inputs: [{ shape: [4, 37, 3], fill: (uniform) => Math.floor(uniform * 9) }],
        run: (x) => ops.argmin(x, 1),
        reference: (x) =>
          build([4, 3], ([a, c]) => {
            const values = Array.from({ length: 37 }, (_, b) => -at(x, [a!, b, c!]));
            return largestPlaces(values, 1)[0]!;
          }),
      },
    ],
  },
  /** Exponentials and a division fused around two reductions. */
  softmax: {
    ulps: 64,
    samples: [
      {
        label: '[2, 5, 131]',
        inputs: shaped([2, 5, 131]),
        run: (x) => softmax(x),
        reference: softmaxRef,
      },
    ],
  },
} as const satisfies SpecTable;
