import type { WgslFunction } from '../wgsl.ts';
import { expSeries } from './expSeries.ts';

/**
 * e^(-x^2/2) for x in [0, 15], its digits kept where x^2 is large: x = h + l with h^2 exact, x^2 = h^2 + l (x + h). The first part
 * as `accurateExp` has it, without its limits; the exponent of the second is at most 0.11, so its series is short.
 */
const bell: WgslFunction = {
  name: 'bell',
  needs: [expSeries],
  source: `
    fn bell(x: f32) -> f32 {
      let h = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
      let c = -0.5 * h * h;
      let n = round(c * 1.4426950408889634);
      let r = (c - n * 0.693359375) + n * 2.12194440e-4;
      let e = 0.5 * (x - h) * (x + h);
      let rest = 1.0 - e * (1.0 - e * (0.5 - e * (0.16666667 - e * 0.041666667)));
      let whole = i32(n);
      let half = whole >> 1u;
      return (1.0 + exp_series(r)) * rest * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((whole - half + 127) << 23u);
    }`,
};

/**
 * vec2(Phi(x), phi(x)): the normal distribution and its density, to 8 ulp each wherever they are normal numbers. 1 + erf would lose
 * all digits of Phi below -5. Phi(-a) = e^(-a^2/2) t q(t) with t = 1 / (1 + 0.3125 a), q fitted on a in [0, 15] to 3e-8
 * (Chebyshev interpolation).
 */
export const normalCdf: WgslFunction = {
  name: 'normal_cdf',
  needs: [bell],
  source: `
    fn normal_cdf(x: f32) -> vec2f {
      let a = select(abs(x), 15.0, abs(x) > 15.0);
      let power = bell(a);
      let t = 1.0 / (1.0 + 0.3125 * a);
      let q = 0.124664947 + t * (0.124761008 + t * (0.111771382 + t * (0.0907261223 + t * (0.0533713587
        + t * (0.00210330123 + t * (0.0680073872 + t * (-0.145874426 + t * (0.0890132934 + t * -0.0185443666))))))));
      let tail = power * t * q;
      return vec2f(select(1.0 - tail, tail, x < 0.0), 0.3989422804014327 * power);
    }`,
};
