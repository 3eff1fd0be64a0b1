import type { WgslFunction } from '../wgsl.ts';
import { atanhSeries } from './atanhSeries.ts';
import { binaryParts } from './binaryParts.ts';
import { expSeries } from './expSeries.ts';
import { isNan } from './nan.ts';

/** The upper 12 of 24 bits: products of two such numbers are exact, and what is left is found by subtraction. */
const upperBits: WgslFunction = {
  name: 'upper_bits',
  source: `
    fn upper_bits(x: f32) -> f32 {
      return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
    }`,
};

/** log2 of a positive finite number as a sum of two, the first of 12 bits: together to 2^-30 of the whole. */
const log2Parts: WgslFunction = {
  name: 'log2_parts',
  needs: [atanhSeries, binaryParts, upperBits],
  source: `
    fn log2_parts(x: f32) -> vec2f {
      let parts = binary_parts(x);
      let e = parts.x;
      let f = parts.y;
      // ln(1 + f) = 2 s + 2 s^3 / 3 + ... with s = f / (2 + f), as s_high + s_low.
      let d = 2.0 + f;
      let d_high = upper_bits(d);
      let d_low = (2.0 - d_high) + f;
      let s_high = upper_bits(f / d);
      let s_low = ((f - s_high * d_high) - s_high * d_low) / d;
      let y = (s_high + s_low) * (s_high + s_low);
      let series = (s_high + s_low) * y * atanh_series(y);
      // Times log2(e), as a number of 12 bits and a rest.
      let main = 2.0 * s_high * 1.4423828125;
      let rest = 2.0 * s_high * 3.122283889634e-4 + (2.0 * s_low + series) * 1.4426950408889634;
      let high = upper_bits(e + main);
      return vec2f(high, ((e - high) + main) + rest);
    }`,
};

/**
 * a^b to 4 ulp, as C and PyTorch define it: 1 where b is 0 or a is 1, whatever the other; for negative a the sign of the
 * parity of a whole b, NaN for another b.
 */
export const accuratePow: WgslFunction = {
  name: 'accurate_pow',
  needs: [expSeries, isNan, log2Parts],
  source: `
    fn accurate_pow(a: f32, b: f32) -> f32 {
      let size = abs(a);
      let size_bits = bitcast<u32>(size);
      let endless = (bitcast<u32>(b) & 0x7fffffffu) == 0x7f800000u;
      let integer = abs(b) >= 8388608.0 || floor(b) == b;
      let odd = abs(b) < 16777216.0 && integer && (i32(clamp(b, -16777216.0, 16777216.0)) & 1) != 0;
      let sign = select(0u, bitcast<u32>(a) & 0x80000000u, odd);

      // What is not finite or 0 follows from which of |a| and 1 is larger and from the sign of b.
      let grows = (size > 1.0) == (b > 0.0);
      let extreme = select(0u, 0x7f800000u, grows);
      let unusual = endless || size_bits == 0u || size_bits == 0x7f800000u;

      let log_a = log2_parts(select(size, 1.0, unusual));
      let bounded = select(b, select(-1e30, 1e30, b > 0.0), abs(b) > 1e30);
      let b_high = bitcast<f32>(bitcast<u32>(bounded) & 0xfffff000u);
      let b_low = bounded - b_high;
      let main = b_high * log_a.x;
      let rest = b_high * log_a.y + b_low * (log_a.x + log_a.y);
      let total = clamp(main + rest, -200.0, 200.0);
      let n = round(total);
      let fraction = select((main - n) + rest, 0.0, abs(main) > 190.0);
      let r = fraction * 0.6931471805599453;
      let whole = i32(clamp(n, -151.0, 129.0));
      let half = whole >> 1u;
      let usual = (1.0 + exp_series(r)) * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((whole - half + 127) << 23u);

      let result = bitcast<f32>(select(bitcast<u32>(usual), extreme, unusual) | sign);
      let undefined_power = is_nan(a) || is_nan(b) || (a < 0.0 && size_bits != 0x7f800000u && !integer);
      let known = select(result, bitcast<f32>(0x7fc00000u | (bitcast<u32>(b) & 1u)), undefined_power);
      let one = bitcast<u32>(a) == 0x3f800000u || (bitcast<u32>(b) << 1u) == 0u || (size == 1.0 && endless);
      return select(known, 1.0, one);
    }`,
};
