import { product } from '../../src/shape.ts';
import { build, type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { Sample } from '../ops/spec.ts';

const INF = Number.POSITIVE_INFINITY;

/** NaN above infinity, as PyTorch sorts. */
const falling = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number(Number.isNaN(b)) - Number(Number.isNaN(a))
    : a === b
      ? 0
      : b - a;

const rowsOf = (x: Tensor64, length = x.shape.at(-1)!): Float64Array[] =>
  Array.from({ length: x.data.length / length }, (_, i) => x.data.slice(i * length, (i + 1) * length));

const largest = (row: Float64Array, k: number): number[] => [...row].sort(falling).slice(0, k);

const map = (x: Tensor64, f: (v: number) => number): Tensor64 => ({ shape: x.shape, data: x.data.map(f) });

/** Of each row, less its largest: nothing overflows. */
const centredRows = (x: Tensor64, f: (row: Float64Array) => Float64Array): Tensor64 =>
  tensor64(
    x.shape,
    rowsOf(x).flatMap((row) => {
      const most = row.reduce((a, b) => Math.max(a, b), -INF);
      return [...f(row.map((v) => v - most))];
    }),
  );

const powers = (row: Float64Array): number => row.reduce((sum, v) => sum + Math.exp(v), 0);

/** The shape of the reference's answer. */
const outShape = (sample: Sample): readonly number[] =>
  sample.reference(...sample.inputs.map(({ shape }) => tensor64(shape, new Float64Array(product(shape)))))
    .shape;

/** What PyTorch defines of special numbers, where the references of test/ops are made for ordinary ones. */
export const DEFINED: Readonly<Record<string, (sample: Sample, ...inputs: Tensor64[]) => Tensor64>> = {
  sign: (_, x) => map(x, (v) => (Number.isNaN(v) ? 0 : Math.sign(v))),
  /** Halves: the largest, the smallest. Integers: saturating. */
  cast: ({ label }, x) =>
    map(x, (v) => {
      if (!label.startsWith('through f16')) {
        return Number.isNaN(v) ? 0 : Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.trunc(v)));
      }
      return Math.abs(v) >= 65520 ? Math.sign(v) * INF : Math.abs(v) < 2 ** -25 ? 0 : v;
    }),
  kthLargest: (sample, x) => {
    const length = x.shape.at(-1)!;
    const ramp = tensor64(
      x.shape,
      x.data.map((_, i) => length - (i % length)),
    );
    const k = length + 1 - sample.reference(ramp).data[0]!;
    return tensor64(
      outShape(sample),
      rowsOf(x).map((row) => largest(row, k).at(-1)!),
    );
  },
  topK: (sample, x) => {
    const shape = outShape(sample);
    return tensor64(
      shape,
      rowsOf(x).flatMap((row) => largest(row, shape.at(-1)!)),
    );
  },
  topFractionMean: ({ label }, x) => {
    const length = product(x.shape.slice(1));
    const k = Math.max(1, Math.floor(Number(/[\d.]+$/.exec(label)![0]) * length + 1e-9));
    const means = rowsOf(x, length).map((row) => largest(row, k).reduce((a, b) => a + b, 0) / k);
    return tensor64([means.length], means);
  },
  argmax: (sample, x) => {
    const axis = Number(/along (\d)/.exec(sample.label)![1]);
    const inner = product(x.shape.slice(axis + 1));
    const size = x.shape[axis]!;
    const shape = outShape(sample);
    const data = Float64Array.from({ length: product(shape) }, (_, i) => {
      const at = (r: number): number =>
        x.data[Math.floor(i / inner) * size * inner + r * inner + (i % inner)]!;
      let best = 0;
      for (let r = 1; r < size; r++) if (falling(at(r), at(best)) < 0) best = r;
      return best;
    });
    return { shape, data };
  },
  /** The definition again, in loops that take no time. */
  matmul: (sample, a, b) => {
    if (a.shape.length !== 2 || b.shape.length !== 2) return sample.reference(a, b);
    const [first, second] = sample.label.split(' x ') as [string, string];
    const m = a.shape[first.endsWith('T') ? 1 : 0]!;
    const n = b.shape[second.endsWith('T') ? 0 : 1]!;
    const k = a.data.length / m;
    const [mStep, kStep] = first.endsWith('T') ? [1, m] : [k, 1];
    const [nStep, depth] = second.endsWith('T') ? [k, 1] : [1, n];
    const data = new Float64Array(m * n);
    const magnitude = new Float64Array(m * n);
    for (let i = 0; i < m * n; i++) {
      const row = Math.floor(i / n) * mStep;
      const column = (i % n) * nStep;
      for (let j = 0; j < k; j++) {
        const term = a.data[row + j * kStep]! * b.data[column + j * depth]!;
        data[i]! += term;
        magnitude[i]! += Math.abs(term);
      }
    }
    return { shape: [m, n], data, magnitude };
  },
  softmax: (_, x) => centredRows(x, (row) => row.map((v) => Math.exp(v) / powers(row))),
  logSoftmax: (_, x) => centredRows(x, (row) => row.map((v) => v - Math.log(powers(row)))),
  /** As PyTorch computes on CPUs: one scale and one offset a channel. */
  batchNorm2d: (_, x, weight, bias, mean, variance) =>
    build(x.shape, ([n, c, ...rest]) => {
      const scale = weight!.data[c!]! / Math.sqrt(variance!.data[c!]! + 1e-5);
      const flat = [n!, c!, ...rest].reduce((sum, i, axis) => sum * x.shape[axis]! + i, 0);
      return x.data[flat]! * scale + (bias!.data[c!]! - mean!.data[c!]! * scale);
    }),
};
