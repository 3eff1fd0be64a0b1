import type { SampleRange } from './sampleRange.ts';
import { tiffNumbers } from './tiffTags.ts';

/**
 * What a PNG (chunk sBIT) or TIFF file (SMinSampleValue and SMaxSampleValue, or MinSampleValue and MaxSampleValue)
 * declares as range of its samples; undefined if it declares none, or a senseless one.
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
