import type { SampleRange } from './sampleRange.ts';

/**
 * What a PNG (chunk sBIT) or TIFF file (SMinSampleValue and SMaxSampleValue, or MinSampleValue and MaxSampleValue)
 * declares of its samples; undefined where it says nothing, or nothing that makes sense.
 * @param highest of the samples: a PNG that keeps to its standard has scaled them to the full range already.
 */
export function declaredRange(bytes: Buffer, format: string, highest: number): SampleRange | undefined {
  if (format === 'png') {
    const bits = significantBits(bytes);
    const high = 2 ** (bits ?? 0) - 1;
    return bits !== undefined && highest <= high ? { low: 0, high } : undefined;
  }
  return format === 'tiff' ? tiffRange(bytes) : undefined;
}

/** The most significant bits of any channel; the chunk stands before the pixels. */
function significantBits(bytes: Buffer): number | undefined {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (name === 'IDAT' || at + 12 + length > bytes.length) return undefined;
    if (name === 'sBIT') {
      const bits = Math.max(...bytes.subarray(at + 8, at + 8 + Math.min(length, 4)));
      return bits >= 1 && bits <= 16 ? bits : undefined;
    }
    at += 12 + length;
  }
  return undefined;
}

const TAGS = { minimum: 280, maximum: 281, smallest: 340, largest: 341 } as const;

function tiffRange(bytes: Buffer): SampleRange | undefined {
  const tags = tiffNumbers(bytes, Object.values(TAGS));
  const high = tags.get(TAGS.largest) ?? tags.get(TAGS.maximum);
  if (high === undefined) return undefined;
  const low = tags.get(TAGS.smallest) ?? tags.get(TAGS.minimum) ?? [0];
  const range = { low: Math.min(...low), high: Math.max(...high) };
  return Number.isFinite(range.low) && Number.isFinite(range.high) && range.low < range.high
    ? range
    : undefined;
}

/** Bytes of a number of each TIFF type, and how it is read; rationals and text say nothing here. */
const TYPES = new Map<number, { size: number; read(view: DataView, at: number, little: boolean): number }>([
  [1, { size: 1, read: (view, at) => view.getUint8(at) }],
  [3, { size: 2, read: (view, at, little) => view.getUint16(at, little) }],
  [4, { size: 4, read: (view, at, little) => view.getUint32(at, little) }],
  [6, { size: 1, read: (view, at) => view.getInt8(at) }],
  [8, { size: 2, read: (view, at, little) => view.getInt16(at, little) }],
  [9, { size: 4, read: (view, at, little) => view.getInt32(at, little) }],
  [11, { size: 4, read: (view, at, little) => view.getFloat32(at, little) }],
  [12, { size: 8, read: (view, at, little) => view.getFloat64(at, little) }],
]);

/** Values of some tags of the first page. What points out of the file is passed over. */
function tiffNumbers(bytes: Buffer, wanted: readonly number[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fits = (at: number, size: number): boolean => at >= 0 && at + size <= bytes.length;
  if (!fits(0, 8)) return found;
  const little = bytes[0] === 0x49;
  const directory = view.getUint32(4, little);
  const entries = fits(directory, 2) ? view.getUint16(directory, little) : 0;
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (!fits(entry, 12)) break;
    const tag = view.getUint16(entry, little);
    const type = TYPES.get(view.getUint16(entry + 2, little));
    const count = Math.min(view.getUint32(entry + 4, little), MOST_CHANNELS);
    if (!type || !wanted.includes(tag)) continue;
    // Four bytes and fewer stand in the entry itself.
    const at = type.size * count <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (count === 0 || !fits(at, type.size * count)) continue;
    found.set(
      tag,
      Array.from({ length: count }, (_, k) => type.read(view, at + k * type.size, little)),
    );
  }
  return found;
}

/** One value for each channel; no image that is read has more. */
const MOST_CHANNELS = 16;
