import { reshape } from '../graph/ops/movement.ts';
import { isNan, where } from '../graph/ops/pointwise.ts';
import { putAlongAxis, type ScatterMode, scatter, scatterNd } from '../graph/ops/scatter.ts';
import { gather, gatherNd, oneHot, takeAlongAxis } from '../graph/ops/select.ts';
import type { Value } from '../graph/value.ts';
import { type Shape, stridesOf } from '../shape.ts';
import { at, build, type Tensor64 } from './reference/tensor64.ts';
import { ANY_DTYPE, type Sample, type SampleInput, type SpecTable } from './spec.ts';

/** Indices below `count`, some of them twice. */
const labels = (shape: Shape, count: number): SampleInput => ({
  shape,
  dtype: 'i32',
  fill: (uniform) => Math.floor(uniform * count),
});

/** Slices of x along an axis: [...A, R, ...B] by [...I]. */
const gatherRef = (x: Tensor64, indices: Tensor64, axis: number): Tensor64 => {
  const rank = indices.shape.length;
  const shape = x.shape.toSpliced(axis, 1, ...indices.shape);
  return build(shape, (index) => {
    const pick = at(indices, index.slice(axis, axis + rank));
    return at(x, index.toSpliced(axis, rank, pick));
  });
};

const JOIN: Record<ScatterMode, (a: number, b: number) => number> = {
  set: (_, b) => b,
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
};

/** x with each update, in order, at the place that `target` says, if it says one. */
function scatterRef(
  x: Tensor64,
  updates: Tensor64,
  mode: ScatterMode,
  target: (index: readonly number[]) => readonly number[],
): Tensor64 {
  const data = x.data.slice();
  const magnitude = data.map((v) => Math.max(1, Math.abs(v)));
  const strides = stridesOf(x.shape);
  build(updates.shape, (index) => {
    const flat = target(index).reduce((sum, i, axis) => sum + i * strides[axis]!, 0);
    const value = at(updates, index);
    data[flat] = JOIN[mode](data[flat]!, value);
    magnitude[flat]! += Math.abs(value);
    return 0;
  });
  return mode === 'add' ? { shape: x.shape, data, magnitude } : { shape: x.shape, data };
}

const scattering = (mode: ScatterMode, [shape, axis]: readonly [Shape, number], picks: Shape): Sample => ({
  label: `${mode} along ${axis} of [${shape}] at [${picks}]`,
  inputs: [
    { shape },
    labels(picks, shape[axis]!),
    { shape: shape.toSpliced(axis, 1, ...picks), fill: (uniform, flat) => uniform * 4 - 2 + flat * 1e-3 },
  ],
  run: (x, indices, updates) => scatter(x, indices, updates, { axis, mode }),
  reference: (x, indices, updates) =>
    scatterRef(x, updates, mode, (index) =>
      index.toSpliced(axis, picks.length, at(indices, index.slice(axis, axis + picks.length))),
    ),
});

const putting = (mode: ScatterMode, [shape, axis]: readonly [Shape, number], picks: number): Sample => ({
  label: `${mode} along ${axis} of [${shape}], ${picks} each`,
  inputs: [{ shape }, labels(shape.with(axis, picks), shape[axis]!), { shape: shape.with(axis, picks) }],
  run: (x, indices, updates) => putAlongAxis(x, indices, updates, { axis, mode }),
  reference: (x, indices, updates) =>
    scatterRef(x, updates, mode, (index) => index.with(axis, at(indices, index))),
});

const taking = (shape: Shape, axis: number, picks: number): Sample => ({
  label: `${picks} along ${axis} of [${shape}]`,
  inputs: [{ shape }, labels(shape.with(axis, picks), shape[axis]!)],
  run: (x, places) => takeAlongAxis(x, places, axis),
  reference: (x, places) => build(places.shape, (index) => at(x, index.with(axis, at(places, index)))),
});

const gathering = (shape: Shape, axis: number, picks: Shape): Sample => ({
  label: `[${picks}] along ${axis} of [${shape}]`,
  inputs: [{ shape }, labels(picks, shape[axis]!)],
  run: (x, indices) => gather(x, indices, axis),
  reference: (x, indices) => gatherRef(x, indices, axis),
});

/** Indices into axes of these sizes, side by side. */
const tuples = (shape: Shape, sizes: Shape): SampleInput => ({
  shape: [...shape, sizes.length],
  dtype: 'i32',
  fill: (uniform, flat) => Math.floor(uniform * sizes[flat % sizes.length]!),
});

const tupleAt = (indices: Tensor64, index: readonly number[]): number[] =>
  Array.from({ length: indices.shape.at(-1)! }, (_, k) => at(indices, [...index, k]));

const nd = (shape: Shape, sizes: Shape, picks: Shape, batchAxes: number): Sample => ({
  label: `[${picks}] of [${shape}]${batchAxes > 0 ? `, ${batchAxes} batch axes` : ''}`,
  inputs: [{ shape }, tuples(picks, sizes)],
  run: (x, indices) => gatherNd(x, indices, batchAxes),
  reference: (x, indices) =>
    build([...picks, ...shape.slice(batchAxes + sizes.length)], (index) =>
      at(x, [
        ...index.slice(0, batchAxes),
        ...tupleAt(indices, index.slice(0, picks.length)),
        ...index.slice(picks.length),
      ]),
    ),
});

const ndScatter = (mode: ScatterMode): Sample => ({
  label: `${mode} at [7] pairs of [3, 4, 5]`,
  inputs: [{ shape: [3, 4, 5] }, tuples([7], [3, 4]), { shape: [7, 5] }],
  run: (x, indices, updates) => scatterNd(x, indices, updates, { mode }),
  reference: (x, indices, updates) =>
    scatterRef(x, updates, mode, ([n, ...rest]) => [...tupleAt(indices, [n!]), ...rest]),
});

/** Indices that only the device knows to be out of range. */
const outside = (run: (x: Value, indices: Value) => Value): Sample => ({
  label: 'indices out of range',
  inputs: [{ shape: [5, 3] }, { shape: [4], dtype: 'i32', fill: (_, flat) => [-1, 5, 2, 1][flat]! }],
  run: (x, indices) => {
    const taken = run(x, indices);
    return where(isNan(taken), 7, taken);
  },
  reference: (x) =>
    build([4, 3], ([n, c]) => {
      const taken = n! < 2 ? 7 : at(x, [n === 2 ? 2 : 1, c!]);
      return Number.isNaN(taken) ? 7 : taken;
    }),
});

export const selectSpecs = {
  gather: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      gathering([11, 5, 7], 0, [19]),
      gathering([2, 5, 3], 1, [2, 4]),
      outside((x, indices) => gather(x, indices)),
      outside((x, indices) => gatherNd(x, reshape(indices, [4, 1]))),
    ],
  },
  takeAlongAxis: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [taking([3, 5], 1, 11), taking([3, 7, 5], 1, 4)],
  },
  gatherNd: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [nd([3, 4, 5], [3, 4], [7], 0), nd([2, 3, 4, 5], [3, 4], [2, 6], 1)],
  },
  scatter: {
    dtypes: ['f32', 'i32', 'u32'],
    doctor: 2,
    samples: [
      scattering('set', [[2, 7, 3], 1], [5]),
      // Enough indices to sort them.
      scattering('add', [[2, 7, 3], 1], [12, 12]),
      scattering('add', [[11, 5], 0], [19]),
    ],
  },
  scatterJoined: {
    differentiable: false,
    dtypes: ['f32', 'i32', 'u32'],
    samples: [
      scattering('max', [[6, 5], 0], [9]),
      scattering('min', [[6, 5], 0], [9]),
      scattering('mul', [[6, 5], 0], [9]),
    ],
  },
  putAlongAxis: {
    dtypes: ['f32', 'i32', 'u32'],
    samples: [
      putting('add', [[3, 5], 1], 11),
      // Enough indices to sort them.
      putting('set', [[3, 9, 2], 1], 150),
      putting('add', [[3, 9, 2], 1], 150),
    ],
  },
  scatterNd: { dtypes: ['f32', 'i32', 'u32'], samples: [ndScatter('add'), ndScatter('set')] },
  oneHot: {
    ulps: 0,
    differentiable: false,
    samples: [
      {
        label: 'of 11 classes',
        inputs: [labels([19], 11)],
        run: (x) => oneHot(x, 11),
        reference: (x) => build([19, 11], ([n, c]) => Number(x.data[n!] === c)),
      },
    ],
  },
} as const satisfies SpecTable;
