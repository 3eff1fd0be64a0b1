import { shown, WeightsError } from '../errors.ts';
import { halfToFloat } from '../float16.ts';
import type { Bytes, Floats } from './bytes.ts';

/** Element types that weights can have, by safetensors' names. */
export const isFloat = (dtype: string): boolean => WIDTHS.has(dtype);

/** Integer element types: never weights, so readers of weights skip them. */
export const isInteger = (dtype: string): boolean => /^([IU]\d+|BOOL)$/.test(dtype);

/** Bytes `begin` to `begin + length` of a tensor, into the front of `into` where it is given. */
export type ReadBytes = (begin: number, length: number, into?: Bytes) => Promise<Bytes>;

/** Bytes widened at a time: a file of halves is never in memory beside its floats. */
const PIECE = 2 ** 20;

/**
 * `count` elements as float32 numbers: F16 and BF16 widened exactly, F64 narrowed. Undefined for other types.
 * @param options.bigEndian the bytes' order; default little. @param options.into where the numbers go, in its front;
 * default memory of their own.
 */
export async function readFloats(
  dtype: string,
  count: number,
  read: ReadBytes,
  { bigEndian = false, into }: { bigEndian?: boolean; into?: Floats } = {},
): Promise<Floats | undefined> {
  const width = WIDTHS.get(dtype);
  if (width === undefined) return undefined;
  if (dtype === 'F32') {
    const target = into && new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const bytes = await read(0, 4 * count, target);
    if (bigEndian) swapBytes(bytes, 4);
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }
  const out = into?.subarray(0, count) ?? new Float32Array(count);
  const piece = new Uint8Array(Math.min(PIECE, count * width));
  for (let at = 0; at < count; at += PIECE / width) {
    const part = Math.min(PIECE / width, count - at);
    const bytes = await read(at * width, part * width, piece);
    if (bigEndian) swapBytes(bytes, width);
    widen(dtype, bytes, out.subarray(at, at + part));
  }
  return out;
}

/** Bytes of each. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['F32', 4],
  ['F64', 8],
  ['F16', 2],
  ['BF16', 2],
]);

let halves: Float32Array | undefined;

function widen(dtype: string, { buffer, byteOffset }: Bytes, out: Float32Array): void {
  if (dtype === 'F64') {
    out.set(new Float64Array(buffer, byteOffset, out.length));
    return;
  }
  const from = new Uint16Array(buffer, byteOffset, out.length);
  if (dtype === 'BF16') {
    const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < from.length; i++) bits[i] = from[i]! << 16;
    return;
  }
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToFloat(bits));
  for (let i = 0; i < from.length; i++) out[i] = halves[from[i]!]!;
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

export function refuseDtype(path: string, name: string, dtype: string): never {
  throw new WeightsError(`${path}: ${shown(name)} is ${dtype}; expected F32, F16, BF16 or F64`);
}
