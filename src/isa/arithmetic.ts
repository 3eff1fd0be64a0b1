/** What integer instructions, and the few on floats that divisions are made of, compute from known 32-bit words. */
import { floatBits, floatOf } from './registers.ts';

export type Words = (a: number, b: number, c: number) => number;

const high = (a: number, b: number): number => Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n);
const bitField = (a: number, offset: number, width: number): number =>
  width >= 32 ? (a >>> 0) >>> offset : ((a >>> 0) >>> offset) & ((1 << width) - 1);
/** v_cvt_u32_f32 rounds towards zero and stays within the type. */
const toUnsigned = (value: number): number => Math.min(0xffff_ffff, Math.max(0, Math.trunc(value)));
const u24 = (a: number): number => a & 0xff_ffff;

/** By name without `v_` or `s_`; those of one lane or of the scalar unit. Shifts named rev take the distance first. */
export const WORDS: Readonly<Record<string, Words>> = {
  mov_b32: (a) => a,
  movk_i32: (a) => a,
  add_u32: (a, b) => a + b,
  add_i32: (a, b) => a + b,
  addk_i32: (a, b) => a + b,
  add_nc_u32: (a, b) => a + b,
  sub_u32: (a, b) => a - b,
  sub_i32: (a, b) => a - b,
  sub_nc_u32: (a, b) => a - b,
  subrev_u32: (a, b) => b - a,
  subrev_nc_u32: (a, b) => b - a,
  mul_i32: Math.imul,
  mulk_i32: Math.imul,
  mul_lo_u32: Math.imul,
  mul_hi_u32: high,
  mul_u32_u24: (a, b) => Math.imul(u24(a), u24(b)),
  mad_u32_u24: (a, b, c) => Math.imul(u24(a), u24(b)) + c,
  mad_u32_u16: (a, b, c) => (a & 0xffff) * (b & 0xffff) + c,
  lshl_b32: (a, b) => a << b,
  lshr_b32: (a, b) => a >>> b,
  ashr_i32: (a, b) => a >> b,
  lshlrev_b32: (a, b) => b << a,
  lshrrev_b32: (a, b) => b >>> a,
  ashrrev_i32: (a, b) => b >> a,
  lshl1_add_u32: (a, b) => (a << 1) + b,
  lshl2_add_u32: (a, b) => (a << 2) + b,
  lshl3_add_u32: (a, b) => (a << 3) + b,
  lshl4_add_u32: (a, b) => (a << 4) + b,
  and_b32: (a, b) => a & b,
  or_b32: (a, b) => a | b,
  xor_b32: (a, b) => a ^ b,
  not_b32: (a) => ~a,
  andn2_b32: (a, b) => a & ~b,
  and_not1_b32: (a, b) => a & ~b,
  orn2_b32: (a, b) => a | ~b,
  or_not1_b32: (a, b) => a | ~b,
  min_u32: (a, b) => Math.min(a, b),
  max_u32: (a, b) => Math.max(a, b),
  min_i32: (a, b) => Math.min(a | 0, b | 0),
  max_i32: (a, b) => Math.max(a | 0, b | 0),
  min3_u32: Math.min,
  max3_u32: Math.max,
  min3_i32: (a, b, c) => Math.min(a | 0, b | 0, c | 0),
  max3_i32: (a, b, c) => Math.max(a | 0, b | 0, c | 0),
  med3_i32: (a, b, c) => [a | 0, b | 0, c | 0].sort((x, y) => x - y)[1]!,
  lshl_add_u32: (a, b, c) => (a << b) + c,
  add_lshl_u32: (a, b, c) => (a + b) << c,
  add3_u32: (a, b, c) => a + b + c,
  lshl_or_b32: (a, b, c) => (a << b) | c,
  and_or_b32: (a, b, c) => (a & b) | c,
  or3_b32: (a, b, c) => a | b | c,
  xad_u32: (a, b, c) => (a ^ b) + c,
  bfe_u32: (a, b, c) => bitField(a, b & 31, c & 31),
  bfi_b32: (a, b, c) => (a & b) | (~a & c),
  bfm_b32: (a, b) => ((1 << (a & 31)) - 1) << (b & 31),
  pack_ll_b32_b16: (a, b) => (a & 0xffff) | (b << 16),
  pack_lh_b32_b16: (a, b) => (a & 0xffff) | (b & 0xffff_0000),
  pack_hh_b32_b16: (a, b) => (a >>> 16) | (b & 0xffff_0000),
  cvt_f32_u32: (a) => floatBits(a),
  cvt_f32_i32: (a) => floatBits(a | 0),
  cvt_u32_f32: (a) => toUnsigned(floatOf(a)),
  rcp_f32: (a) => floatBits(1 / floatOf(a)),
  s_rcp_f32: (a) => floatBits(1 / floatOf(a)),
  rcp_iflag_f32: (a) => floatBits(1 / floatOf(a)),
  mul_f32: (a, b) => floatBits(Math.fround(floatOf(a) * floatOf(b))),
};

export const COMPARES: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  lg: (a, b) => a !== b,
  ne: (a, b) => a !== b,
};

/** Whether a scalar instruction of this name leaves "the result is not zero" in SCC. */
export const setsNonZero = (name: string): boolean =>
  /^(and|or|xor|not|andn2|and_not1|orn2|or_not1|lsh|ashr|bfe)/.test(name);
