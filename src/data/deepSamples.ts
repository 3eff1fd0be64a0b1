import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { declaredRange } from './declaredRange.ts';
import type { DeepRange, SampleRange } from './sampleRange.ts';

/** Samples as the file has them, interleaved. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Uint8Array | Uint16Array | Float32Array;
}

/** Whether samples have more than 8 bits, in a colour space whose channels are brightnesses. */
export const isDeep = ({ depth, space }: Pick<Metadata, 'depth' | 'space'>): boolean =>
  depth !== 'uchar' && PLAIN.has(space);
const PLAIN = new Set<string | undefined>(['b-w', 'grey16', 'rgb', 'rgb16', 'srgb', 'scrgb']);

/**
 * The samples of a deep image, orientation applied: 16 bits as they are, others as floats.
 * @throws Error with the reason, for signed and complex ones too.
 */
export async function readDeep(
  bytes: Buffer,
  { depth, space }: Pick<Metadata, 'depth' | 'space'>,
  options: SharpOptions,
): Promise<Samples> {
  if (depth !== 'ushort' && depth !== 'uint' && depth !== 'float') {
    throw new Error(`its samples are of type ${depth}, where black and white may be anything; ${FIX}`);
  }
  const wide = depth === 'ushort';
  const { data, info } = await sharp(bytes, options)
    .autoOrient()
    .toColourspace(space)
    .raw({ depth: wide ? 'ushort' : 'float' })
    .toBuffer({ resolveWithObject: true });
  const values = wide
    ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    : new Float32Array(data.buffer, data.byteOffset, data.length / 4);
  return { width: info.width, height: info.height, channels: info.channels, values };
}

/** Integers that use less than this share of the full range probably have fewer bits: 12 bits in 16 use a sixteenth. */
const LEAST_SHARE = 1 / 16;
/** Floats up to 1 have the range 0 to 1; if they reach this value, the range is probably 0 to 255. */
const LEAST_OF_BYTES = 32;

/**
 * The range that the file declares, else the full one of its type: of floats 0 to 1, or 0 to 255 where they reach far
 * beyond 1.
 * @throws Error with the reason where nothing is declared and the full range would make the image black, or cut it.
 */
export function rangeOf(
  { values }: Samples,
  bytes: Buffer,
  { depth, format }: Pick<Metadata, 'depth' | 'format'>,
): DeepRange {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) throw new Error(`its samples are not all finite: one is ${value}`);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const declared = declaredRange(bytes, format, high);
  if (declared) return { depth: NAMES[depth] ?? depth, range: declared, declared: true };
  const full = fullRange(depth, low, high);
  if (full === undefined) {
    const [from, to] = [low, high].map((value) => Number(value.toPrecision(4)));
    throw new Error(
      `its ${NAMES[depth]} samples go from ${from} to ${to}, and it does not say of which range: read as ${USUAL[depth]}, they would be ${high > 1 && depth === 'float' ? 'cut' : 'black'}; ${FIX}`,
    );
  }
  return { depth: NAMES[depth]!, range: { low: 0, high: full }, declared: false };
}

const NAMES: Record<string, string> = { ushort: '16-bit', uint: '32-bit', float: 'float' };
const USUAL: Record<string, string> = { ushort: '0 to 65535', uint: '0 to 4294967295', float: '0 to 1' };
const FIX =
  'save it with 8 bits, or with its range declared (sBIT in PNG, SMinSampleValue and SMaxSampleValue in TIFF)';

function fullRange(depth: string, low: number, high: number): number | undefined {
  if (depth === 'float') {
    if (low < 0 || high > 255) return undefined;
    if (high <= 1) return high === 0 || high >= LEAST_SHARE ? 1 : undefined;
    return high >= LEAST_OF_BYTES ? 255 : undefined;
  }
  const full = depth === 'ushort' ? 65_535 : 2 ** 32 - 1;
  // A black image is black in any range.
  return high === 0 || high >= full * LEAST_SHARE ? full : undefined;
}

/** 8-bit RGB of deep samples: grey is replicated, alpha dropped, what lies outside the range is cut. */
export function toRgb({ values, channels }: Samples, { low, high }: SampleRange): Uint8Array {
  const rgb = new Uint8Array((values.length / channels) * 3);
  // The full 16 bits keep their high byte, as libvips has it.
  const byte =
    low === 0 && high === 65_535
      ? (value: number) => value >> 8
      : (value: number) => Math.round((255 * (Math.min(high, Math.max(low, value)) - low)) / (high - low));
  const colour = channels >= 3 ? 1 : 0;
  for (let pixel = 0, at = 0; at < rgb.length; pixel += channels) {
    for (let c = 0; c < 3; c++, at++) rgb[at] = byte(values[pixel + c * colour]!);
  }
  return rgb;
}
