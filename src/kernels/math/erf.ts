import type { WgslFunction } from '../wgsl.ts';
import { isNan } from './nan.ts';

/**
 * erf to 3e-7 absolute in float32. Below 1 an odd polynomial (3e-9 from erf before rounding); above,
 * 1 - exp(-x^2) q(1 / (1 + x/2)) with q fitted to exp(x^2) erfc(x) (3e-9); beyond 4 erf rounds to 1.
 * Both fits: Chebyshev interpolation in float64.
 */
export const erf: WgslFunction = {
  name: 'erf',
  needs: [isNan],
  source: `
    fn erf(x: f32) -> f32 {
      let a = min(abs(x), 4.0);
      let y = a * a;
      let p = 1.1283791659 + y * (-0.37612626904 + y * (0.11283597463 + y * (-0.026854328796
        + y * (0.0051893119430 + y * (-0.00080188549957 + y * 0.000078824971193)))));
      let t = 1.0 / (1.0 + 0.5 * a);
      let q = 0.00053875057924 + t * (0.27445546611 + t * (0.32657172036 + t * (0.11274845364
        + t * (0.38665775175 + t * (-0.043767178216 + t * -0.057963364312)))));
      let far = 1.0 - exp(-y) * q;
      return select(select(sign(x) * far, x * p, a < 1.0), x, is_nan(x));
    }`,
};
