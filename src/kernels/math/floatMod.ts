import type { WgslFunction } from '../wgsl.ts';
import { isNan } from './nan.ts';

/**
 * The rest of a / b with a's sign, exact for all numbers: a division of the significands in whole numbers, eight bits of the
 * exponents' difference at a time. WGSL's own `%` rounds the quotient. NaN where a is infinite or b is 0.
 */
export const floatMod: WgslFunction = {
  name: 'float_mod',
  source: `
    fn float_mod(a: f32, b: f32) -> f32 {
      let sign = bitcast<u32>(a) & 0x80000000u;
      let x = bitcast<u32>(a) ^ sign;
      let y = bitcast<u32>(b) & 0x7fffffffu;
      if (x >= 0x7f800000u || y > 0x7f800000u || y == 0u) { return bitcast<f32>(x | 0x7fc00000u); }
      if (x < y) { return a; }
      // Subnormal numbers have the exponent 1 and no leading bit.
      let least = max(y >> 23u, 1u);
      var exponents = max(x >> 23u, 1u) - least;
      let divisor = select(0u, 0x800000u, y >= 0x800000u) | (y & 0x7fffffu);
      var rest = (select(0u, 0x800000u, x >= 0x800000u) | (x & 0x7fffffu)) % divisor;
      while (exponents > 0u) {
        let step = min(exponents, 8u);
        rest = (rest << step) % divisor;
        exponents -= step;
      }
      if (rest == 0u) { return bitcast<f32>(sign); }
      let shift = min(countLeadingZeros(rest) - 8u, least - 1u);
      let significand = rest << shift;
      let exponent = select(0u, least - shift, significand >= 0x800000u);
      return bitcast<f32>(sign | (exponent << 23u) | (significand & 0x7fffffu));
    }`,
};

/** The rest with b's sign. */
export const remainder: WgslFunction = {
  name: 'remainder',
  needs: [floatMod],
  source: `
    fn remainder(a: f32, b: f32) -> f32 {
      let rest = float_mod(a, b);
      let differ = (bitcast<u32>(rest) ^ bitcast<u32>(b)) >> 31u == 1u;
      return select(rest, rest + b, differ && (bitcast<u32>(rest) << 1u) != 0u);
    }`,
};

/** a / b rounded down, from the exact rest as PyTorch does: the plain quotient may round up to the next whole number. */
export const floorDiv: WgslFunction = {
  name: 'floor_div',
  needs: [floatMod, isNan],
  source: `
    fn floor_div(a: f32, b: f32) -> f32 {
      if ((bitcast<u32>(b) << 1u) == 0u) { return a / b; }
      let rest = float_mod(a, b);
      let below = (bitcast<u32>(rest) ^ bitcast<u32>(b)) >> 31u == 1u && (bitcast<u32>(rest) << 1u) != 0u;
      let quotient = (a - rest) / b - select(0.0, 1.0, below);
      return select(round(quotient), quotient, is_nan(quotient));
    }`,
};
