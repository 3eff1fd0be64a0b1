import type { WgslFunction } from '../wgsl.ts';
import { atanhSeries } from './atanhSeries.ts';
import { accurateLog } from './log.ts';

/**
 * ln(1 + x) to 4 ulp: next to 0 by the series of 2 atanh(x / (2 + x)), elsewhere by the logarithm of 1 + x, whose
 * rounding then is a small part of the result.
 */
export const log1p: WgslFunction = {
  name: 'log1p',
  needs: [accurateLog, atanhSeries],
  source: `
    fn log1p(x: f32) -> f32 {
      let s = x / (2.0 + x);
      let y = s * s;
      let near = s * (2.0 + y * atanh_series(y));
      let small = select(near, x, abs(x) < 3e-8);
      return select(accurate_log(1.0 + x), small, x > -0.29 && x < 0.42);
    }`,
};
