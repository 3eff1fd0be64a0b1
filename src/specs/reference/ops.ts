import type { Shape } from '../../shape.ts';
import { broadcastShapes, product } from '../../shape.ts';
import { rowsOf } from './order.ts';
import { at, broadcastAt, build, forEachIndex, roundingScale, type Tensor64 } from './tensor64.ts';

/** Float64 references, written as the definitions read. */

export const map1 = (x: Tensor64, f: (v: number) => number): Tensor64 => ({
  shape: x.shape,
  data: x.data.map(f),
});

export function map2(a: Tensor64, b: Tensor64, f: (a: number, b: number) => number): Tensor64 {
  return build(broadcastShapes('reference', a.shape, b.shape), (index) =>
    f(broadcastAt(a, index), broadcastAt(b, index)),
  );
}

export const map3 = (
  a: Tensor64,
  b: Tensor64,
  c: Tensor64,
  f: (a: number, b: number, c: number) => number,
): Tensor64 =>
  build(broadcastShapes('reference', broadcastShapes('reference', a.shape, b.shape), c.shape), (index) =>
    f(broadcastAt(a, index), broadcastAt(b, index), broadcastAt(c, index)),
  );

/** Reduces `axes` (kept with size 1) with the magnitude of what is summed. */
export function reduceRef(
  x: Tensor64,
  axes: readonly number[],
  start: number,
  join: (a: number, b: number) => number,
): Tensor64 {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const data = new Float64Array(product(shape)).fill(start);
  const sums = new Float64Array(data.length);
  const terms = axes.reduce((total, axis) => total * x.shape[axis]!, 1);
  const out = { shape, data };
  forEachIndex(x.shape, (index, flat) => {
    const place = index.map((i, axis) => (axes.includes(axis) ? 0 : i));
    const position = placeOf(out.shape, place);
    data[position] = join(data[position]!, x.data[flat]!);
    sums[position]! += Math.abs(x.data[flat]!);
  });
  return { shape, data, magnitude: sums.map((sum) => roundingScale(sum, terms)) };
}

const placeOf = (shape: Shape, index: readonly number[]): number =>
  index.reduce((flat, i, axis) => flat * shape[axis]! + i, 0);

export const dropAxes = (x: Tensor64, axes: readonly number[]): Tensor64 => ({
  ...x,
  shape: x.shape.filter((_, axis) => !axes.includes(axis)),
});

/** a [..., M, K] times b [..., K, N]. */
export function matmulRef(a: Tensor64, b: Tensor64): Tensor64 {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const matrixOf = (x: Tensor64, lead: readonly number[]): Float64Array => {
    const own = x.shape.slice(0, -2);
    const size = product(x.shape.slice(-2));
    const at = placeOf(
      own,
      own.map((length, axis) => (length === 1 ? 0 : lead[axis + lead.length - own.length]!)),
    );
    return x.data.subarray(at * size, (at + 1) * size);
  };
  const shape = [...batch, m, n];
  const data = new Float64Array(product(shape));
  const magnitude = new Float64Array(data.length);
  forEachIndex(batch, (lead, z) => {
    const [left, right] = [matrixOf(a, lead), matrixOf(b, lead)];
    for (let i = 0; i < m * n; i++) {
      const [row, column] = [Math.floor(i / n) * k, i % n];
      let total = 0;
      let size = 0;
      for (let j = 0; j < k; j++) {
        const term = left[row + j]! * right[j * n + column]!;
        total += term;
        size += Math.abs(term);
      }
      data[z * m * n + i] = total;
      magnitude[z * m * n + i] = roundingScale(size, k);
    }
  });
  return { shape, data, magnitude };
}

export const transposeRef = (x: Tensor64): Tensor64 =>
  build([...x.shape.slice(0, -2), x.shape.at(-1)!, x.shape.at(-2)!], (index) =>
    at(x, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]),
  );

/** Along the last axis, each row less its largest number: nothing overflows. */
export const softmaxRef = (x: Tensor64): Tensor64 => centredRows(x, (v, powers) => Math.exp(v) / powers);
/** The logarithm of that. */
export const logSoftmaxRef = (x: Tensor64): Tensor64 => centredRows(x, (v, powers) => v - Math.log(powers));

function centredRows(x: Tensor64, f: (value: number, powers: number) => number): Tensor64 {
  const data = rowsOf(x).flatMap((row) => {
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = row.reduce((sum, v) => sum + Math.exp(v - most), 0);
    return [...row.map((v) => f(v - most, powers))];
  });
  return { shape: x.shape, data: Float64Array.from(data) };
}

/** Bilinear, or nearest, as methods.md section 1 defines them. */
export function interpolateRef(
  x: Tensor64,
  oh: number,
  ow: number,
  mode: string,
  alignCorners: boolean,
): Tensor64 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const source = (dst: number, from: number, to: number): number => {
    if (mode === 'nearest') return Math.floor((dst * from) / to);
    if (alignCorners) return to > 1 ? (dst * (from - 1)) / (to - 1) : 0;
    return Math.max(0, ((dst + 0.5) * from) / to - 0.5);
  };
  const taps = (dst: number, from: number, to: number): [number, number, number] => {
    const exact = source(dst, from, to);
    const low = Math.min(Math.floor(exact), from - 1);
    return [low, Math.min(low + 1, from - 1), exact - low];
  };
  return build([n, c, oh, ow], ([b, ch, y, xx]) => {
    const [y0, y1, fy] = taps(y!, h, oh);
    const [x0, x1, fx] = taps(xx!, w, ow);
    const v = (i: number, j: number): number => at(x, [b!, ch!, i, j]);
    // A weight of 0 times an infinite pixel is NaN, in PyTorch too; nearest has no weights.
    if (mode === 'nearest') return v(y0, x0);
    return (1 - fy) * ((1 - fx) * v(y0, x0) + fx * v(y0, x1)) + fy * ((1 - fx) * v(y1, x0) + fx * v(y1, x1));
  });
}

export interface PoolRefOptions {
  kernel: readonly [number, number];
  stride: readonly [number, number];
  padding: readonly [number, number];
}

export function poolRef(
  x: Tensor64,
  { kernel, stride, padding }: PoolRefOptions,
  kind: 'max' | 'avg',
): Tensor64 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const oh = Math.floor((h + 2 * padding[0] - kernel[0]) / stride[0]) + 1;
  const ow = Math.floor((w + 2 * padding[1] - kernel[1]) / stride[1]) + 1;
  return build([n, c, oh, ow], ([b, ch, y, xx]) => {
    const found: number[] = [];
    for (let ky = 0; ky < kernel[0]; ky++)
      for (let kx = 0; kx < kernel[1]; kx++) {
        const iy = y! * stride[0] - padding[0] + ky;
        const ix = xx! * stride[1] - padding[1] + kx;
        if (iy >= 0 && iy < h && ix >= 0 && ix < w) found.push(at(x, [b!, ch!, iy, ix]));
      }
    if (kind === 'max') return Math.max(...found);
    return found.reduce((s, v) => s + v, 0) / (kernel[0] * kernel[1]);
  });
}

/** dy of each window to its first largest element, row by row; to its last NaN where there is one. */
export function maxPoolGradRef(
  x: Tensor64,
  dy: Tensor64,
  { kernel, stride, padding }: PoolRefOptions,
): Tensor64 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [, , oh, ow] = dy.shape as [number, number, number, number];
  const data = new Float64Array(x.data.length);
  for (let window = 0; window < n * c * oh * ow; window++) {
    const plane = Math.floor(window / (oh * ow)) * h * w;
    const [y, left] = [Math.floor(window / ow) % oh, window % ow];
    let winner = -1;
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const iy = y * stride[0] - padding[0] + Math.floor(tap / kernel[1]);
      const ix = left * stride[1] - padding[1] + (tap % kernel[1]);
      if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
      const place = plane + iy * w + ix;
      const value = x.data[place]!;
      if (winner < 0 || value > x.data[winner]! || Number.isNaN(value)) winner = place;
    }
    data[winner]! += dy.data[window]!;
  }
  return { shape: x.shape, data };
}
