import { add, mul } from '../../graph/ops/pointwise.ts';
import { argmax, max, mean, min, std, sum } from '../../graph/ops/reduce.ts';
import { gather, oneHot } from '../../graph/ops/select.ts';
import { cosineMap, rowDots } from '../../graph/ops/similarity.ts';
import { batchNorm2dTrain } from '../../nn/norm.ts';
import { softmax } from '../../nn/softmax.ts';
import { batchNormTrainRef } from '../../specs/reference/batchNorm.ts';
import { at, build, type Tensor64 } from '../../specs/reference/tensor64.ts';
import { type CheckInput, type OpCheck, shaped } from './check.ts';

const rowsOf = ({ shape, data }: Tensor64): Float64Array[] => {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
};
const total = (row: Float64Array): number => row.reduce((a, b) => a + b, 0);
const perRow = (x: Tensor64, fn: (row: Float64Array) => number): Tensor64 => {
  const rows = rowsOf(x);
  return build([rows.length], ([i]) => fn(rows[i!]!));
};
const deviation = (row: Float64Array): number => {
  const middle = total(row) / row.length;
  return Math.sqrt(total(row.map((value) => (value - middle) ** 2)) / (row.length - 1));
};

export const reduceChecks: readonly OpCheck[] = [
  {
    name: 'sum of rows',
    inputs: shaped([7, 1009]),
    run: (x) => sum(x!, { axes: [1] }),
    reference: (x) => perRow(x, total),
  },
  {
    name: 'mean of columns',
    inputs: shaped([211, 37]),
    run: (x) => mean(x!, { axes: [0] }),
    reference: (x) => build([37], ([j]) => rowsOf(x).reduce((s, row) => s + row[j!]!, 0) / 211),
  },
  {
    name: 'max, min',
    inputs: shaped([7, 1009]),
    run: (x) => add(max(x!, { axes: [1] }), mul(min(x!, { axes: [1] }), 0.5)),
    reference: (x) => perRow(x, (row) => Math.max(...row) + 0.5 * Math.min(...row)),
  },
  {
    name: 'std',
    inputs: shaped([7, 1009]),
    run: (x) => std(x!, { axes: [1] }),
    reference: (x) => perRow(x, deviation),
  },
  {
    name: 'softmax',
    inputs: shaped([11, 103]),
    run: (x) => softmax(x!, 1),
    reference: (x) =>
      build(x.shape, ([i, j]) => {
        const own = rowsOf(x)[i!]!;
        const powers = own.map((value) => Math.exp(value - Math.max(...own)));
        return powers[j!]! / total(powers);
      }),
  },
  {
    name: 'argmax',
    inputs: shaped([13, 1009]),
    run: (x) => argmax(x!, 1),
    reference: (x) =>
      perRow(x, (row) => {
        const most = Math.max(...row);
        return row.findIndex((value) => Object.is(value, most));
      }),
    differentiable: false,
  },
];

const products = (a: Float64Array, b: Float64Array): [number, number, number] => [
  total(a.map((value, i) => value * b[i]!)),
  total(a.map((value) => value ** 2)),
  total(b.map((value) => value ** 2)),
];

export const similarityChecks: readonly OpCheck[] = [
  {
    name: 'cosineMap',
    inputs: shaped([3, 29, 31], [3, 29, 31]),
    run: (a, b) => cosineMap(a!, b!),
    reference: (a, b) =>
      build([3, 31], ([n, s]) => {
        const along = (x: Tensor64): Float64Array =>
          Float64Array.from({ length: 29 }, (_, c) => at(x, [n!, c, s!]));
        const [ab, aa, bb] = products(along(a), along(b));
        return 1 - ab / Math.sqrt(aa * bb);
      }),
  },
  {
    name: 'rowDots',
    inputs: shaped([5, 1013], [5, 1013]),
    run: (a, b) => rowDots(a!, b!),
    reference: (a, b) => build([5, 3], ([n, j]) => products(rowsOf(a)[n!]!, rowsOf(b)[n!]!)[j!]!),
  },
];

export const batchNormChecks: readonly OpCheck[] = [
  {
    name: 'batch norm in training',
    inputs: shaped([3, 17, 13, 11], [17], [17]),
    run: (x, weight, bias) => batchNorm2dTrain(x!, weight!, bias!).out,
    reference: (x, weight, bias) => batchNormTrainRef(x, weight, bias, 1e-5),
  },
];

const labels = (count: number, classes: number): CheckInput => ({
  shape: [count],
  dtype: 'i32',
  draw: (random) => random.integer(classes),
});

export const selectChecks: readonly OpCheck[] = [
  {
    name: 'gather',
    inputs: [{ shape: [11, 5, 7] }, labels(19, 11)],
    run: (x, rows) => gather(x!, rows!),
    reference: (x, rows) => build([19, 5, 7], ([n, a, b]) => at(x, [rows.data[n!]!, a!, b!])),
  },
  {
    name: 'oneHot',
    inputs: [labels(19, 11)],
    run: (x) => oneHot(x!, 11),
    reference: (x) => build([19, 11], ([n, c]) => Number(x.data[n!] === c)),
    differentiable: false,
  },
];
