import type { WgslFunction } from '../wgsl.ts';
import { mulWide } from './mulWide.ts';

/** The `i`-th word of 1 / (2 pi) in base 2^32. */
const turnsPerRadian: WgslFunction = {
  name: 'turns_per_radian',
  source: `
    fn turns_per_radian(i: u32) -> u32 {
      switch i {
        case 0u: { return 0x28be60dbu; }
        case 1u: { return 0x9391054au; }
        case 2u: { return 0x7f09d5f4u; }
        case 3u: { return 0x7d4d3770u; }
        case 4u: { return 0x36d8a566u; }
        case 5u: { return 0x4f10e410u; }
        case 6u: { return 0x7f9458eau; }
        default: { return 0xf7aef158u; }
      }
    }`,
};

/**
 * |x| as a number of quarter turns and a rest in [-pi/4, pi/4], both exact to the last digit of the rest for every
 * finite x: Payne and Hanek's reduction. The product of the 24 bits of x and those 96 bits of 1 / (2 pi) that matter is
 * formed in integers; whole turns are left out before they are computed.
 */
const quarterTurns: WgslFunction = {
  name: 'quarter_turns',
  needs: [mulWide, turnsPerRadian],
  source: `
    struct QuarterTurns { rest: f32, count: u32 }

    fn quarter_turns(x: f32) -> QuarterTurns {
      let bits = bitcast<u32>(x) & 0x7fffffffu;
      if (bits < 0x3f000000u) { return QuarterTurns(abs(x), 0u); }
      let exponent = (bits >> 23u) - 126u;
      let word = exponent >> 5u;
      let shift = exponent & 31u;
      var w0 = 0u;
      var w1 = 0x28be60dbu;
      var w2 = 0x9391054au;
      var w3 = 0x7f09d5f4u;
      if (word > 0u) {
        w0 = turns_per_radian(word - 1u);
        w1 = turns_per_radian(word);
        w2 = turns_per_radian(word + 1u);
        w3 = turns_per_radian(word + 2u);
      }
      // Shifts by 32 do not exist, so the lower word moves in two steps.
      let high = (w0 << shift) | ((w1 >> 1u) >> (31u - shift));
      let middle = (w1 << shift) | ((w2 >> 1u) >> (31u - shift));
      let low = (w2 << shift) | ((w3 >> 1u) >> (31u - shift));
      let mantissa = (bits << 8u) | 0x80000000u;
      let carried = mul_wide(mantissa, low).x;
      let product = mul_wide(mantissa, middle);
      let p_low = product.y + carried;
      let p_high = product.x + select(0u, 1u, p_low < carried) + mantissa * high;
      // p_high and p_low are the fraction of a turn in 64 bits; the nearest quarter is taken off.
      let count = (p_high + 0x20000000u) >> 30u;
      let rest = p_high - (count << 30u);
      let negative = rest >= 0x80000000u;
      let r_low = select(p_low, ~p_low + 1u, negative);
      let r_high = select(rest, ~rest + select(0u, 1u, p_low == 0u), negative);
      let zeros = countLeadingZeros(r_high);
      let digits = (r_high << zeros) | ((r_low >> 1u) >> (31u - zeros));
      let size = f32(digits) * bitcast<f32>((97u - zeros) << 23u) * 1.5707963267948966;
      return QuarterTurns(select(size, -size, negative), count & 3u);
    }`,
};

/**
 * vec2(sin x, cos x), each to 3 ulp for every float32 on every adapter: WGSL asks 2^-11 of its own between -pi and pi,
 * and nothing beyond. Cephes' polynomials over an eighth of a turn. NaN for NaN and infinities.
 */
export const sinCos: WgslFunction = {
  name: 'sin_cos',
  needs: [quarterTurns],
  source: `
    fn sin_cos(x: f32) -> vec2f {
      let sign = bitcast<u32>(x) & 0x80000000u;
      if ((bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u) {
        return bitcast<vec2f>(vec2u(bitcast<u32>(x) | 0x7fc00000u));
      }
      let turns = quarter_turns(x);
      let r = turns.rest;
      let y = r * r;
      let s = r + r * y * (-0.16666654611 + y * (0.0083321608736 + y * -0.00019515295891));
      let c = 1.0 - 0.5 * y + y * y * (0.04166664568298827 + y * (-0.001388731625493765 + y * 2.443315711809948e-5));
      let odd = (turns.count & 1u) == 1u;
      let sine = select(s, c, odd);
      let cosine = select(c, s, odd);
      // Quarters 2 and 3 have a negative sine, 1 and 2 a negative cosine.
      let sine_sign = sign ^ ((turns.count & 2u) << 30u);
      let cosine_sign = ((turns.count + 1u) & 2u) << 30u;
      return bitcast<vec2f>(bitcast<vec2u>(vec2f(sine, cosine)) ^ vec2u(sine_sign, cosine_sign));
    }`,
};

/** tan x to 5 ulp. */
export const accurateTan: WgslFunction = {
  name: 'accurate_tan',
  needs: [sinCos],
  source: `
    fn accurate_tan(x: f32) -> f32 {
      let both = sin_cos(x);
      return both.x / both.y;
    }`,
};
