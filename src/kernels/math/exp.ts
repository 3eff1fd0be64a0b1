import type { WgslFunction } from '../wgsl.ts';
import { expSeries } from './expSeries.ts';

/**
 * e^x to 2 ulp on every adapter: WGSL allows 3 + 2|x|, and Mesa's software adapter is 60 ulp off at 86. x = n ln 2 + r with ln 2
 * in two parts, of which the first times n is exact; Cephes' polynomial for e^r; then 2^n in two factors, so that results
 * below the smallest normal number keep what digits they have. NaN stays NaN: it fails both comparisons.
 */
export const accurateExp: WgslFunction = {
  name: 'accurate_exp',
  needs: [expSeries],
  source: `
    fn accurate_exp(x: f32) -> f32 {
      var c = select(x, 89.0, x > 89.0);
      c = select(c, -104.0, c < -104.0);
      let n = round(c * 1.4426950408889634);
      let r = (c - n * 0.693359375) + n * 2.12194440e-4;
      let whole = i32(n);
      let half = whole >> 1u;
      return (1.0 + exp_series(r)) * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((whole - half + 127) << 23u);
    }`,
};
