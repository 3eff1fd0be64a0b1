/** IEEE 754 binary16 bits to a number: exact, subnormals and non-finite values included. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The largest finite binary16 number. */
export const MOST_F16 = 65504;

/** A number to binary16 bits: to the nearest, ties to even; beyond MOST_F16 infinity. */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 the step stays that of the smallest normal number.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const steps = roundHalfToEven(size / 2 ** (exponent - 10));
  // 2048 steps are the next power of two: the carry correctly increments the exponent bits.
  return size < 2 ** -14 ? sign | steps : sign | (((exponent + 15) << 10) + (steps - 1024));
}

/** Numbers as binary16 bits, two to a word, the first in the low half; an odd last one with zeros beside it. */
export function packHalves(numbers: Float32Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(numbers.length / 2));
  const halves = new Uint16Array(words.buffer);
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const size = bits[i]! & 0x7fffffff;
    // Bit arithmetic for normal numbers, because networks have tens of millions: add half a step (less at ties, to
    // round to even), then cut. A carry correctly increments the exponent.
    halves[i] =
      size >= 0x38800000 && size < 0x47800000
        ? ((bits[i]! >>> 16) & 0x8000) | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13)
        : floatToHalf(numbers[i]!);
  }
  return words;
}

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}
