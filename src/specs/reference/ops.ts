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
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly sides: readonly [number, number, number, number];
  readonly dilation?: readonly [number, number];
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
}

/** Of each window its taps: where they stand (-1 outside of the image), and how many stand in the padded image. */
function windowsOf(
  shape: Shape,
  options: PoolRefOptions,
): { out: Shape; tapsAt: (y: number, x: number) => { taps: number[]; padded: number } } {
  const { kernel, stride, sides, dilation = [1, 1], ceilMode = false } = options;
  const [n, c, h, w] = shape as [number, number, number, number];
  const sizes = [h, w];
  const counts = [0, 1].map((axis) => {
    const [before, after] = [sides[2 * axis]!, sides[2 * axis + 1]!];
    const extent = (kernel[axis]! - 1) * dilation[axis]! + 1;
    const starts: number[] = [];
    for (let start = -before; ; start += stride[axis]!) {
      const fits = start + extent <= sizes[axis]! + after;
      if (!fits && !(ceilMode && start < sizes[axis]! && starts.at(-1)! + extent < sizes[axis]! + after))
        break;
      starts.push(start);
    }
    return starts.length;
  });
  const tapsAt = (y: number, x: number): { taps: number[]; padded: number } => {
    const taps: number[] = [];
    let padded = 0;
    for (let ky = 0; ky < kernel[0]; ky++)
      for (let kx = 0; kx < kernel[1]; kx++) {
        const iy = y * stride[0] - sides[0] + ky * dilation[0];
        const ix = x * stride[1] - sides[2] + kx * dilation[1];
        padded += Number(iy < h + sides[1] && ix < w + sides[3]);
        if (iy >= 0 && iy < h && ix >= 0 && ix < w) taps.push(iy * w + ix);
      }
    return { taps, padded };
  };
  return { out: [n, c, ...counts], tapsAt };
}

export function poolRef(x: Tensor64, options: PoolRefOptions, kind: 'max' | 'avg' | 'places'): Tensor64 {
  const { out, tapsAt } = windowsOf(x.shape, options);
  const plane = x.shape[2]! * x.shape[3]!;
  return build(out, ([b, c, y, xx]) => {
    const { taps, padded } = tapsAt(y!, xx!);
    const own = x.data.subarray((b! * x.shape[1]! + c!) * plane);
    if (kind === 'places') return winnerOf(own, taps);
    if (kind === 'max') return Math.max(...taps.map((tap) => own[tap]!));
    const count = options.countIncludePad === false ? taps.length : padded;
    return taps.reduce((sum, tap) => sum + own[tap]!, 0) / Math.max(1, count);
  });
}

/** The first largest; the last NaN where there is one; -1 of none. */
function winnerOf(values: Float64Array, taps: readonly number[]): number {
  let winner = -1;
  for (const tap of taps) {
    if (winner < 0 || values[tap]! > values[winner]! || Number.isNaN(values[tap])) winner = tap;
  }
  return winner;
}

/** dy of each window to its first largest element, row by row; to its last NaN where there is one. */
export function maxPoolGradRef(x: Tensor64, dy: Tensor64, options: PoolRefOptions): Tensor64 {
  const { out, tapsAt } = windowsOf(x.shape, options);
  const data = new Float64Array(x.data.length);
  const plane = x.shape[2]! * x.shape[3]!;
  build(out, ([b, c, y, xx]) => {
    const first = (b! * x.shape[1]! + c!) * plane;
    const winner = winnerOf(x.data.subarray(first), tapsAt(y!, xx!).taps);
    if (winner >= 0) data[first + winner]! += at(dy, [b!, c!, y!, xx!]);
    return 0;
  });
  return { shape: x.shape, data };
}
