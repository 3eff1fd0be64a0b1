import type { WgslFunction } from '../wgsl.ts';
import { accurateExp } from './exp.ts';

/** 1 / (1 + e^-x) to 4 ulp: by e^-|x|, so that nothing overflows and the divisor lies in [1, 2]. */
export const sigmoid: WgslFunction = {
  name: 'sigmoid',
  needs: [accurateExp],
  source: `
    fn sigmoid(x: f32) -> f32 {
      let e = accurate_exp(-abs(x));
      let upper = 1.0 / (1.0 + e);
      return select(e * upper, upper, x >= 0.0);
    }`,
};

/** x sigmoid(x) to 6 ulp. In halves of the exponent: beyond -88 e^x alone is no normal number while the product is one. */
export const silu: WgslFunction = {
  name: 'silu',
  needs: [accurateExp],
  source: `
    fn silu(x: f32) -> f32 {
      let h = accurate_exp(-0.5 * abs(x));
      let upper = 1.0 / (1.0 + h * h);
      return select(x * h * (h * upper), x * upper, x >= 0.0);
    }`,
};
