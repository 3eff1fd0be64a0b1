import type { Pixels } from './pilResize.ts';

/** Weights have so many fractional bits. */
const FRACTION_BITS = 11;

/**
 * Resizes as OpenCV's `cv2.resize` does by default (INTER_LINEAR) with 8-bit images, bit for bit: between the two nearest pixels
 * a direction, without antialiasing, in integers. `interleaved` pixels.
 */
export function opencvResize(source: Pixels, width: number, height: number): Pixels {
  const { channels, data } = source;
  const columns = tapsFor(source.width, width, true);
  const rows = tapsFor(source.height, height, false);
  const length = width * channels;
  /** The source's rows at the new width, as far as they are needed, with all fractional bits. */
  const wide = new Map<number, Int32Array>();
  const rowAt = (row: number): Int32Array => {
    const known = wide.get(row);
    if (known) return known;
    const line = stretched(data, row * source.width * channels, channels, columns);
    wide.set(row, line);
    return line;
  };
  const out = new Uint8Array(height * length);
  for (let y = 0, at = 0; y < height; y++) {
    const [above, below] = [rowAt(rows.near[y]!), rowAt(rows.far[y]!)];
    const [upper, lower] = [rows.nearWeight[y]!, rows.farWeight[y]!];
    // Four bits are dropped before each product and sixteen after it, each way.
    for (let i = 0; i < length; i++) {
      out[at++] = (((upper * (above[i]! >> 4)) >> 16) + ((lower * (below[i]! >> 4)) >> 16) + 2) >> 2;
    }
    for (const row of wide.keys()) if (row < rows.near[y]!) wide.delete(row);
  }
  return { width, height, channels, layout: 'interleaved', data: out };
}

/** For each new place two old ones and their weights. */
interface Taps {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly nearWeight: Int32Array;
  readonly farWeight: Int32Array;
}

/** `settled`: beyond the edge the edge alone counts. Else it counts twice, which rounds differently: OpenCV's rows do. */
function tapsFor(from: number, to: number, settled: boolean): Taps {
  const [near, far, nearWeight, farWeight] = [0, 1, 2, 3].map(() => new Int32Array(to)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const scale = from / to;
  for (let i = 0; i < to; i++) {
    const place = Math.fround((i + 0.5) * scale - 0.5);
    const first = Math.floor(place);
    const edge = settled && (first < 0 || first >= from - 1);
    const fraction = edge ? 0 : Math.fround(place - first);
    near[i] = Math.min(from - 1, Math.max(0, first));
    far[i] = Math.min(from - 1, Math.max(0, first + 1));
    nearWeight[i] = halfToEven(Math.fround(1 - fraction) * 2 ** FRACTION_BITS);
    farWeight[i] = halfToEven(fraction * 2 ** FRACTION_BITS);
  }
  return { near, far, nearWeight, farWeight };
}

function stretched(data: Uint8Array, first: number, channels: number, taps: Taps): Int32Array {
  const out = new Int32Array(taps.near.length * channels);
  for (let x = 0, at = 0; x < taps.near.length; x++) {
    const [left, right] = [first + taps.near[x]! * channels, first + taps.far[x]! * channels];
    const [a, b] = [taps.nearWeight[x]!, taps.farWeight[x]!];
    for (let c = 0; c < channels; c++) out[at++] = a * data[left + c]! + b * data[right + c]!;
  }
  return out;
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest > 0.5 ? below + 1 : below;
}
