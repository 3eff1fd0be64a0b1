import type { WgslFunction } from '../wgsl.ts';
import { accurateExp } from './exp.ts';

/**
 * tanh to 3 ulp on every adapter: Mesa's software adapter gives 3e-8 for all that is smaller, and some drivers overflow to NaN. Below
 * 0.625 Cephes' odd polynomial, above it 1 - 2 / (e^2|x| + 1), which is 1 from 10 on.
 */
export const accurateTanh: WgslFunction = {
  name: 'accurate_tanh',
  needs: [accurateExp],
  source: `
    fn accurate_tanh(x: f32) -> f32 {
      let a = abs(x);
      let y = x * x;
      let near = x + x * y * (-0.333332819422 + y * (0.133314422036 + y * (-0.0537397155531
        + y * (0.0206390887954 + y * -0.00570498872745))));
      let far = 1.0 - 2.0 / (accurate_exp(2.0 * select(a, 10.0, a > 10.0)) + 1.0);
      return select(select(far, -far, x < 0.0), near, a < 0.625);
    }`,
};
