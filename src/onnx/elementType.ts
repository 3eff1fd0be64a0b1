import type { Dtype } from '../graph/value.ts';

/** How a float type's bits are read; `fn` has no infinities, `fnuz` no negative zero either, `scale` is a power of two. */
interface FloatFormat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly kind: 'ieee' | 'fn' | 'fnuz' | 'finite' | 'scale';
}

interface ElementTypeFacts {
  /** TensorProto.DataType. */
  readonly code: number;
  readonly kind: 'float' | 'signed' | 'unsigned' | 'bool';
  readonly bits: number;
  /** Of floats that JavaScript has no array for. */
  readonly format?: FloatFormat;
}

/** The types of elements that can be computed with. Strings and complex numbers are none. */
const ELEMENT_TYPES = {
  float: { code: 1, kind: 'float', bits: 32 },
  uint8: { code: 2, kind: 'unsigned', bits: 8 },
  int8: { code: 3, kind: 'signed', bits: 8 },
  uint16: { code: 4, kind: 'unsigned', bits: 16 },
  int16: { code: 5, kind: 'signed', bits: 16 },
  int32: { code: 6, kind: 'signed', bits: 32 },
  int64: { code: 7, kind: 'signed', bits: 64 },
  bool: { code: 9, kind: 'bool', bits: 8 },
  float16: { code: 10, kind: 'float', bits: 16, format: { exponent: 5, mantissa: 10, kind: 'ieee' } },
  double: { code: 11, kind: 'float', bits: 64 },
  uint32: { code: 12, kind: 'unsigned', bits: 32 },
  uint64: { code: 13, kind: 'unsigned', bits: 64 },
  bfloat16: { code: 16, kind: 'float', bits: 16, format: { exponent: 8, mantissa: 7, kind: 'ieee' } },
  float8e4m3fn: { code: 17, kind: 'float', bits: 8, format: { exponent: 4, mantissa: 3, kind: 'fn' } },
  float8e4m3fnuz: { code: 18, kind: 'float', bits: 8, format: { exponent: 4, mantissa: 3, kind: 'fnuz' } },
  float8e5m2: { code: 19, kind: 'float', bits: 8, format: { exponent: 5, mantissa: 2, kind: 'ieee' } },
  float8e5m2fnuz: { code: 20, kind: 'float', bits: 8, format: { exponent: 5, mantissa: 2, kind: 'fnuz' } },
  uint4: { code: 21, kind: 'unsigned', bits: 4 },
  int4: { code: 22, kind: 'signed', bits: 4 },
  float4e2m1: { code: 23, kind: 'float', bits: 4, format: { exponent: 2, mantissa: 1, kind: 'finite' } },
  float8e8m0: { code: 24, kind: 'float', bits: 8, format: { exponent: 8, mantissa: 0, kind: 'scale' } },
  uint2: { code: 25, kind: 'unsigned', bits: 2 },
  int2: { code: 26, kind: 'signed', bits: 2 },
} as const satisfies Readonly<Record<string, ElementTypeFacts>>;

export type ElementType = keyof typeof ELEMENT_TYPES;

export const factsOf = (type: ElementType): ElementTypeFacts => ELEMENT_TYPES[type];

/** Types that are no `ElementType`, for errors. */
const OTHERS: Readonly<Record<number, string>> = { 8: 'string', 14: 'complex64', 15: 'complex128' };

const BY_CODE = new Map(
  Object.entries(ELEMENT_TYPES).map(([name, { code }]) => [code as number, name as ElementType]),
);

export const elementTypeOf = (code: number): ElementType | undefined => BY_CODE.get(code);

/** For errors, known or not. */
export const typeText = (code: number): string => BY_CODE.get(code) ?? OTHERS[code] ?? `type ${code}`;

export const isFloat = (type: ElementType): boolean => factsOf(type).kind === 'float';
export const isInteger = (type: ElementType): boolean =>
  factsOf(type).kind === 'signed' || factsOf(type).kind === 'unsigned';

/** What stands for the type in functions of values: truth is 0 or 1 in f32. */
export function dtypeOf(type: ElementType): Exclude<Dtype, 'f16'> {
  const { kind } = factsOf(type);
  if (kind === 'signed') return 'i32';
  return kind === 'unsigned' ? 'u32' : 'f32';
}

/** Least and largest number of an integer type. */
export function integerRange(type: ElementType): readonly [least: number, most: number] {
  const { kind, bits } = factsOf(type);
  return kind === 'signed' ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** Exponent of 1.0, and the largest finite number of a float format. */
export function floatLimits({ exponent, mantissa, kind }: FloatFormat): { bias: number; most: number } {
  const half = 2 ** (exponent - 1);
  if (kind === 'scale') return { bias: half - 1, most: 2 ** (half - 1) };
  const bias = kind === 'fnuz' ? half : half - 1;
  const top = 2 ** exponent - 1 - bias;
  if (kind === 'ieee') return { bias, most: (2 - 2 ** -mantissa) * 2 ** (top - 1) };
  // All exponents count; `fn` gives its last mantissa to NaN.
  return { bias, most: (2 - 2 ** -mantissa * (kind === 'fn' ? 2 : 1)) * 2 ** top };
}

/** The number that the bits of a small float stand for. */
export function decodeFloat(bits: number, format: FloatFormat): number {
  const { exponent, mantissa, kind } = format;
  const { bias } = floatLimits(format);
  if (kind === 'scale') return bits === 2 ** exponent - 1 ? Number.NaN : 2 ** (bits - bias);
  const sign = bits >> (exponent + mantissa) ? -1 : 1;
  const power = (bits >> mantissa) & (2 ** exponent - 1);
  const fraction = bits & (2 ** mantissa - 1);
  const allOnes = power === 2 ** exponent - 1;
  if (kind === 'ieee' && allOnes) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (kind === 'fn' && allOnes && fraction === 2 ** mantissa - 1) return Number.NaN;
  if (kind === 'fnuz' && sign < 0 && power === 0 && fraction === 0) return Number.NaN;
  const digits = fraction / 2 ** mantissa;
  return power === 0 ? sign * digits * 2 ** (1 - bias) : sign * (1 + digits) * 2 ** (power - bias);
}

/**
 * The number of a float type next to x, halves to the even one. Beyond the largest: the largest if `saturate`, else
 * infinite, or NaN where the type has no infinity.
 */
export function roundToType(x: number, type: ElementType, saturate = true): number {
  const { format } = factsOf(type);
  if (!format) return type === 'float' ? Math.fround(x) : x;
  const { bias, most } = floatLimits(format);
  const { kind, mantissa } = format;
  if (kind === 'scale')
    return x > 0 ? Math.min(2 ** Math.round(Math.log2(x)), most) : x === 0 ? 2 ** -bias : x;
  if (Number.isNaN(x)) return kind === 'finite' ? 0 : x;
  const power = Math.max(Math.floor(Math.log2(Math.abs(x) || 2 ** -200)), 1 - bias);
  const quantum = 2 ** (power - mantissa);
  const rounded = roundHalfEven(x / quantum) * quantum;
  if (Math.abs(rounded) <= most) return kind === 'fnuz' && rounded === 0 ? 0 : rounded;
  const beyond = kind === 'ieee' ? Math.sign(x) * Number.POSITIVE_INFINITY : Number.NaN;
  if (kind === 'finite') return Math.sign(x) * most;
  const isSmall = factsOf(type).bits <= 8;
  return isSmall && saturate ? Math.sign(x) * most : beyond;
}

/** The nearest whole number, halves to the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  if (over === 0.5) return below % 2 === 0 ? below : below + 1;
  return over < 0.5 ? below : below + 1;
}
