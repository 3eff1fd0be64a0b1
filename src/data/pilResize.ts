import { refuseExtra } from '../options.ts';
/** An 8-bit picture, width and height in pixels. `interleaved`: [height, width, channels]; `planar`: [channels, height, width]. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
  readonly layout: 'interleaved' | 'planar';
}

/**
 * Resizes as `PIL.Image.resize(size, BILINEAR)` does, bit for bit (methods.md section 2; Pillow
 * `src/libImaging/Resample.c`): separable, antialiased when shrinking, columns first, each pass in integer
 * arithmetic and rounded to 8 bits. Channels are independent (PIL weighs colour by alpha; drop alpha first).
 */
export function pilResize(source: Pixels, width: number, height: number, ...extra: never[]): Pixels {
  refuseExtra('pilResize', extra);
  const { channels, layout, data } = source;
  const planes = layout === 'planar' ? channels : 1;
  const depth = channels / planes;
  const wide =
    width === source.width
      ? data
      : resampleRows(data, planes * source.height, source.width, depth, tapsFor(source.width, width));
  const full =
    height === source.height
      ? wide
      : resampleColumns(wide, planes, source.height, width * depth, tapsFor(source.height, height));
  return { width, height, channels, layout, data: full === data ? data.slice() : full };
}

/**
 * Resizes one channel [height, width] as `PIL.Image.resize(size, NEAREST)` does: the source positions are
 * accumulated, as in Pillow's `ImagingScaleAffine`, not multiplied.
 */
export function pilResizeNearest(
  data: Uint8Array,
  fromWidth: number,
  fromHeight: number,
  width: number,
  height: number,
  ...extra: never[]
): Uint8Array {
  refuseExtra('pilResizeNearest', extra);
  const columns = nearestIndices(fromWidth, width);
  const rows = nearestIndices(fromHeight, height);
  const out = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out[at++] = data[rows[y]! * fromWidth + columns[x]!]!;
  }
  return out;
}

/** For each of `count` outputs: its first source, and where its weights lie in `weights`. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly start: Int32Array;
  /** Fixed point with 22 fractional bits; the weights of an output sum to about 2^22. */
  readonly weights: Int32Array;
}

const FRACTION_BITS = 22;
const ONE_HALF = 1 << (FRACTION_BITS - 1);

function tapsFor(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const first = new Int32Array(to);
  const start = new Int32Array(to + 1);
  const weights: number[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(from, Math.trunc(centre + support + 0.5));
    const triangle: number[] = [];
    let sum = 0;
    for (let k = low; k < high; k++) {
      const weight = Math.max(0, 1 - Math.abs((k - centre + 0.5) * (1 / support)));
      triangle.push(weight);
      sum += weight;
    }
    first[i] = low;
    for (const weight of triangle) weights.push(Math.trunc(0.5 + (weight / sum) * (1 << FRACTION_BITS)));
    start[i + 1] = weights.length;
  }
  return { count: to, first, start, weights: Int32Array.from(weights) };
}

/** [rows, width, depth] to [rows, taps.count, depth]. */
function resampleRows(data: Uint8Array, rows: number, width: number, depth: number, taps: Taps): Uint8Array {
  const { count, first, start, weights } = taps;
  const out = new Uint8Array(rows * count * depth);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) {
      const from = (row * width + first[i]!) * depth;
      const begin = start[i]!;
      const end = start[i + 1]!;
      for (let c = 0; c < depth; c++) {
        let sum = ONE_HALF;
        for (let k = begin, source = from + c; k < end; k++, source += depth) {
          sum = (sum + Math.imul(data[source]!, weights[k]!)) | 0;
        }
        out[at++] = clip(sum);
      }
    }
  }
  return out;
}

/** [planes, height, length] to [planes, taps.count, length]. */
function resampleColumns(
  data: Uint8Array,
  planes: number,
  height: number,
  length: number,
  taps: Taps,
): Uint8Array {
  const out = new Uint8Array(planes * taps.count * length);
  const sums = new Int32Array(length);
  for (let plane = 0, at = 0; plane < planes; plane++) {
    for (let i = 0; i < taps.count; i++) {
      sums.fill(ONE_HALF);
      const end = taps.start[i + 1]!;
      let source = (plane * height + taps.first[i]!) * length;
      for (let k = taps.start[i]!; k < end; k++) {
        const weight = taps.weights[k]!;
        for (let x = 0; x < length; x++) sums[x]! += Math.imul(data[source++]!, weight);
      }
      for (let x = 0; x < length; x++) out[at++] = clip(sums[x]!);
    }
  }
  return out;
}

/** The weights' rounding may carry a sum one past white. */
const clip = (sum: number): number => Math.min(255, sum >> FRACTION_BITS);

function nearestIndices(from: number, to: number): Int32Array {
  const step = from / to;
  let position = step * 0.5;
  return Int32Array.from({ length: to }, () => {
    const index = Math.min(from - 1, Math.trunc(position));
    position += step;
    return index;
  });
}
