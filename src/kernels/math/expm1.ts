import type { WgslFunction } from '../wgsl.ts';
import { expSeries } from './expSeries.ts';

/**
 * e^x - 1 to 2 ulp, next to 0 too. As `accurate_exp`: e^x = 2^n (1 + q), of which 2^n q and 2^n - 1 are added. The factor
 * 2^n comes in two parts, so that n = 128 is no infinity.
 */
export const expm1: WgslFunction = {
  name: 'expm1',
  needs: [expSeries],
  source: `
    fn expm1(x: f32) -> f32 {
      var c = select(x, 89.0, x > 89.0);
      c = select(c, -30.0, c < -30.0);
      let n = round(c * 1.4426950408889634);
      let r = (c - n * 0.693359375) + n * 2.12194440e-4;
      let q = exp_series(r);
      let whole = i32(n);
      let half = whole >> 1u;
      let first = bitcast<f32>((half + 127) << 23u);
      let second = bitcast<f32>((whole - half + 127) << 23u);
      let one = bitcast<f32>((127 - half) << 23u);
      let result = (second * q + (second - one)) * first;
      // Next to 0 the result is x, with the sign of a zero.
      return select(result, x, abs(x) < 5e-8);
    }`,
};
