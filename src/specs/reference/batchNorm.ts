import { roundingScale, type Tensor64 } from './tensor64.ts';

/** All of channel c of x [N, C, ...S], plane after plane. */
function channelOf({ shape, data }: Tensor64, c: number): Float64Array {
  const plane = shape.slice(2).reduce((a, b) => a * b, 1);
  const channels = shape[1]!;
  return Float64Array.from({ length: shape[0]! * plane }, (_, i) => {
    const n = Math.floor(i / plane);
    return data[(n * channels + c) * plane + (i % plane)]!;
  });
}

const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

/** Mean and biased variance of each channel. */
function momentsRef(x: Tensor64): { mean: number; variance: number }[] {
  return Array.from({ length: x.shape[1]! }, (_, c) => {
    const values = channelOf(x, c);
    const mean = total(values) / values.length;
    return { mean, variance: total(values.map((v) => (v - mean) ** 2)) / values.length };
  });
}

/** Means, then unbiased variances (0 of one element): [2, C]. */
export function batchMomentsRef(x: Tensor64): Tensor64 {
  const count = x.data.length / x.shape[1]!;
  const rows = momentsRef(x).map(({ mean, variance }, c) => {
    const free = Math.max(1, count - 1);
    const size = total(channelOf(x, c).map(Math.abs));
    return { mean, variance: (variance * count) / free, size: roundingScale(size, count) / count };
  });
  return {
    shape: [2, rows.length],
    data: Float64Array.from([...rows.map(({ mean }) => mean), ...rows.map(({ variance }) => variance)]),
    magnitude: Float64Array.from([
      ...rows.map(({ size }) => size),
      // A square's own rounding beside that of the sum.
      ...rows.map(({ size, variance }) => 4 * size + variance),
    ]),
  };
}

/** Sums of dout xhat, then of dout: [2, C]. */
export function batchNormWeightGradRef(dout: Tensor64, x: Tensor64, eps: number): Tensor64 {
  const terms = momentsRef(x).map(({ mean, variance }, c) => {
    const g = channelOf(dout, c);
    const r = 1 / Math.sqrt(variance + eps);
    const xhat = channelOf(x, c).map((v) => (v - mean) * r);
    return [g.map((v, i) => v * xhat[i]!), g] as const;
  });
  const rows = [...terms.map(([dw]) => dw), ...terms.map(([, db]) => db)];
  return {
    shape: [2, x.shape[1]!],
    data: Float64Array.from(rows, total),
    magnitude: Float64Array.from(rows, (row) => roundingScale(total(row.map(Math.abs)), row.length)),
  };
}

/** x normalised by its own moments, then per channel times w, plus b. */
export function batchNormTrainRef(x: Tensor64, w: Tensor64, b: Tensor64, eps: number): Tensor64 {
  const moments = momentsRef(x);
  const plane = x.shape.slice(2).reduce((a, b_) => a * b_, 1);
  const data = x.data.map((v, i) => {
    const c = Math.floor(i / plane) % x.shape[1]!;
    const { mean, variance } = moments[c]!;
    return ((v - mean) / Math.sqrt(variance + eps)) * w.data[c]! + b.data[c]!;
  });
  return { shape: x.shape, data };
}

/** Each group of channels of each sample by its own moments, then per channel times w, plus b. */
export function groupNormRef(
  x: Tensor64,
  groups: number,
  w: Tensor64 | null,
  b: Tensor64 | null,
  eps: number,
): Tensor64 {
  const channels = x.shape[1]!;
  const plane = x.shape.slice(2).reduce((a, c) => a * c, 1);
  const size = (channels / groups) * plane;
  const moments = momentsRef({ shape: [1, x.data.length / size, size], data: x.data });
  const data = x.data.map((v, i) => {
    const { mean, variance } = moments[Math.floor(i / size)]!;
    const c = Math.floor(i / plane) % channels;
    return ((v - mean) / Math.sqrt(variance + eps)) * (w ? w.data[c]! : 1) + (b ? b.data[c]! : 0);
  });
  return { shape: x.shape, data };
}
