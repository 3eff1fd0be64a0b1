import type { WgslFunction } from '../wgsl.ts';
import { normalCdf } from './normalCdf.ts';

/**
 * The error function to 4 ulp: next to 0 its series, beyond 0.75 1 - 2 Phi(-x sqrt(2)), where the tail is less than half
 * of the result.
 */
export const erf: WgslFunction = {
  name: 'erf',
  needs: [normalCdf],
  source: `
    fn erf(x: f32) -> f32 {
      let y = x * x;
      let near = x * (1.1283791670955126 + y * (-0.37612638903183754 + y * (0.11283791670955126
        + y * (-0.026866170645131252 + y * (0.005223977625442187 + y * (-0.0008548327023450853
        + y * (0.00012055332981789664 + y * (-1.492565035840625e-5 + y * 1.6462114365889248e-6))))))));
      let a = select(abs(x), 10.0, abs(x) > 10.0);
      let far = 1.0 - 2.0 * normal_cdf(-1.4142135623730951 * a).x;
      return select(select(far, -far, x < 0.0), near, abs(x) < 0.75);
    }`,
};
