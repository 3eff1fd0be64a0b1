import type { WgslFunction } from '../wgsl.ts';
import { binaryParts } from './binaryParts.ts';
import { wholeNumber } from './wholeNumber.ts';

/** The upper 12 of 24 bits: products of two such numbers are exact, and what is left is found by subtraction. */
const upperBits: WgslFunction = {
  name: 'upper_bits',
  source: `
    fn upper_bits(x: f32) -> f32 {
      return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
    }`,
};

/**
 * log2 of a positive finite number as a sum of two, the first of 12 bits: together to 2^-30 of the whole. The polynomial
 * (Chebyshev interpolation) is of log2(e) (2 atanh(s) - 2 s) / s^3 over y = s^2, in two halves that do not wait for each other.
 */
const log2Parts: WgslFunction = {
  name: 'log2_parts',
  needs: [binaryParts, upperBits],
  source: `
    fn log2_parts(x: f32) -> vec2f {
      let parts = binary_parts(x);
      let e = parts.x;
      let f = parts.y;
      // ln(1 + f) = 2 s + 2 s^3 / 3 + ... with s = f / (2 + f), as s_high + s_low.
      let d = 2.0 + f;
      let d_high = upper_bits(d);
      let d_low = (2.0 - d_high) + f;
      let inverse = 1.0 / d;
      let s = f * inverse;
      let s_high = upper_bits(s);
      let s_low = ((f - s_high * d_high) - s_high * d_low) * inverse;
      let y = s * s;
      let series = (0.9617967 + y * 0.57707983) + (y * y) * (0.41189516 + y * 0.33675307);
      // Times 2 log2(e), as a number of 11 bits and a rest.
      let main = s_high * 2.884765625;
      let rest = (s_high * 6.244567779e-4 + s_low * 2.8853900818) + (s * y) * series;
      let high = upper_bits(e + main);
      return vec2f(high, ((e - high) + main) + rest);
    }`,
};

/**
 * a^b to 4 ulp, as C and PyTorch define it: 1 where b is 0 or a is 1, whatever the other; for negative a the sign of the
 * parity of a whole b, NaN for another b. 2^r by Chebyshev interpolation, its terms in pairs that do not wait for each other.
 */
export const accuratePow: WgslFunction = {
  name: 'accurate_pow',
  needs: [log2Parts, upperBits, wholeNumber],
  source: `
    fn accurate_pow(a: f32, b: f32) -> f32 {
      let bits = bitcast<u32>(a);
      let size = bits & 0x7fffffffu;
      let b_bits = bitcast<u32>(b);
      let b_size = b_bits & 0x7fffffffu;

      let b_high = upper_bits(b);
      let b_low = b - b_high;
      let log_a = log2_parts(bitcast<f32>(size));
      let main = b_high * log_a.x;
      let rest = b_high * log_a.y + b_low * (log_a.x + log_a.y);
      let n = round(main + rest);
      let r = (main - n) + rest;
      let y = r * r;
      let power = (1.0 + r * 0.69314718) + y * ((0.24022651 + r * 0.05550357)
        + y * (0.009618083 + r * (0.0013390863 + r * 0.00015453163)));
      // Times 2^n in two factors, so that results below the smallest normal number keep what digits they have.
      let whole = whole_number(n);
      let half = whole >> 1u;
      let usual = bitcast<f32>(bitcast<i32>(power) + (half << 23u)) * bitcast<f32>((whole - half + 127) << 23u);

      // Of 0 and infinity, and where the power is one of them: which of |a| and 1 is larger, and the sign of b.
      let unusual = (size - 1u >= 0x7f7fffffu) | (abs(main) > 200.0);
      let extreme = select(0u, 0x7f800000u, (size > 0x3f800000u) == (b > 0.0));
      // From 2^23 on all numbers are whole, from 2^24 on all are even.
      let half_b = 0.5 * b;
      let integer = (floor(b) == b) | (b_size == 0x7f800000u);
      let odd = integer & (floor(half_b) != half_b) & (b_size < 0x4b800000u);
      let sign = select(0u, bits & 0x80000000u, odd);
      let known = select(bitcast<u32>(usual), extreme, unusual) | sign;
      let broken = (bits > 0x80000000u) & !integer & (size != 0x7f800000u);
      let undefined_power = (size > 0x7f800000u) | (b_size > 0x7f800000u) | broken;
      // NaN of a's own bits: WGSL has no literal for it.
      let result = select(known, bits | 0x7fc00000u, undefined_power);
      let one = (bits == 0x3f800000u) | (b_size == 0u) | ((size == 0x3f800000u) & (b_size == 0x7f800000u));
      return bitcast<f32>(select(result, 0x3f800000u, one));
    }`,
};
