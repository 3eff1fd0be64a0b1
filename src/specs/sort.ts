import { argsort, type SortOptions, sort } from '../graph/ops/sort.ts';
import type { Shape } from '../shape.ts';
import { falling } from './reference/order.ts';
import { at, build, type Tensor64 } from './reference/tensor64.ts';
import { ANY_DTYPE, type Sample, type SpecTable, samplesOf } from './spec.ts';

/** Where each element of the sorted tensor comes from. */
function placesRef(x: Tensor64, axis: number, descending = false): Tensor64 {
  const line = (index: readonly number[]): number[] => {
    const values = Array.from({ length: x.shape[axis]! }, (_, i) => at(x, index.with(axis, i)));
    const order = (a: number, b: number): number => (descending ? falling(a, b) : falling(b, a));
    return values.map((_, i) => i).sort((a, b) => order(values[a]!, values[b]!) || a - b);
  };
  const known = new Map<string, number[]>();
  return build(x.shape, (index) => {
    const key = String(index.with(axis, 0));
    if (!known.has(key)) known.set(key, line(index));
    return known.get(key)![index[axis]!]!;
  });
}

function sortRef(x: Tensor64, axis: number, descending?: boolean): Tensor64 {
  const places = placesRef(x, axis, descending);
  return build(x.shape, (index) => at(x, index.with(axis, at(places, index))));
}

type Case = readonly [Shape, SortOptions];
/** In one block; merged once, with a rest; in many passes; along an axis in between. */
const CASES: readonly [Case, ...Case[]] = [
  [[3, 1031], { descending: true }],
  [[2, 37], {}],
  [[3, 70, 5], { axis: 1 }],
  [[1], {}],
];

const axisOf = (shape: Shape, { axis = -1 }: SortOptions): number => (axis < 0 ? axis + shape.length : axis);
/** In no order, all different by more than differences' steps. */
const apart = (uniform: number, flat: number): number =>
  (((flat * 7919) % 12_297) + 0.5 * uniform) / 3000 - 2;
const ties = (uniform: number): number => Math.floor(uniform * 9) - 4;

const places = (
  [shape, options]: Case,
  fill: (uniform: number) => number,
  dtype?: 'i32' | 'u32',
): Sample => ({
  label: `${dtype ?? 'ties'} of [${shape}]${options.descending ? ', the largest first' : ''}`,
  inputs: [{ shape, fill, dtype }],
  run: (x) => argsort(x, options),
  reference: (x) => placesRef(x, axisOf(shape, options), options.descending),
});

export const sortSpecs = {
  sort: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: samplesOf(CASES, ([shape, options]) => ({
      label: `[${shape}]${options.descending ? ', the largest first' : ''}`,
      inputs: [{ shape, fill: apart }],
      run: (x) => sort(x, options).values,
      reference: (x) => sortRef(x, axisOf(shape, options), options.descending),
    })),
  },
  argsort: {
    ulps: 0,
    doctor: 2,
    differentiable: false,
    dtypes: ANY_DTYPE,
    samples: [
      places([[3, 1031], { descending: true }], ties),
      places([[2, 333], {}], (uniform) => Math.floor((uniform - 0.5) * 2 ** 32), 'i32'),
      places([[2, 333], {}], (uniform) => Math.floor(uniform * 2 ** 32), 'u32'),
      places([[0, 3], { axis: 0 }], ties),
    ],
  },
} as const satisfies SpecTable;
