/**
 * Tests for NaN by its bits. WGSL lets compilers assume that NaN never occurs, so `x != x`, `max` and `clamp` are
 * unreliable: lavapipe's `max(NaN, 0)` is 0 and its `NaN != 0` false. Integer comparisons are not affected.
 */
import type { WgslFunction } from '../wgsl.ts';

export const isNan: WgslFunction = {
  name: 'is_nan',
  source: `
    fn is_nan(x: f32) -> bool {
      return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
    }`,
};

/** The larger of two, NaN where either is. */
export const larger: WgslFunction = {
  name: 'larger',
  needs: [isNan],
  source: `
    fn larger(a: f32, b: f32) -> f32 {
      return select(max(a, b), a + b, is_nan(a) | is_nan(b));
    }`,
};

/** The smaller of two, NaN where either is. */
export const smaller: WgslFunction = {
  name: 'smaller',
  needs: [isNan],
  source: `
    fn smaller(a: f32, b: f32) -> f32 {
      return select(min(a, b), a + b, is_nan(a) | is_nan(b));
    }`,
};

/**
 * An unsigned integer that orders like the float, NaN above infinity: all bits of negatives flipped, the sign bit of
 * others. Zeros of either sign are made equal by their bits, because compilers leave out the addition of 0 that would
 * do it.
 */
export const orderedBits: WgslFunction = {
  name: 'ordered_bits',
  needs: [isNan],
  source: `
    fn ordered_bits(x: f32) -> u32 {
      let raw = bitcast<u32>(x);
      let bits = select(raw, 0u, (raw << 1u) == 0u);
      let ordered = select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
      return select(ordered, 0xffffffffu, is_nan(x));
    }`,
};
