import type { WgslFunction } from '../wgsl.ts';
import { accurateExp } from './exp.ts';
import { expm1 } from './expm1.ts';
import { accurateLog } from './log.ts';
import { log1p } from './log1p.ts';

/** sinh x to 5 ulp. With E = e^|x| - 1: (E + E / (E + 1)) / 2; beyond 20, where e^-|x| is nothing, by halves of the exponent. */
export const accurateSinh: WgslFunction = {
  name: 'accurate_sinh',
  needs: [accurateExp, expm1],
  source: `
    fn accurate_sinh(x: f32) -> f32 {
      let a = abs(x);
      let e = expm1(select(a, 20.0, a > 20.0));
      let h = accurate_exp(0.5 * a);
      let size = select(0.5 * (e + e / (e + 1.0)), 0.5 * h * h, a > 20.0);
      return select(size, -size, x < 0.0);
    }`,
};

/** cosh x to 6 ulp, by halves of the exponent: e^|x| alone would be infinite from 88.8 on. */
export const accurateCosh: WgslFunction = {
  name: 'accurate_cosh',
  needs: [accurateExp],
  source: `
    fn accurate_cosh(x: f32) -> f32 {
      let h = accurate_exp(0.5 * abs(x));
      return 0.5 * h * h + (0.5 / h) / h;
    }`,
};

/** asinh x to 5 ulp: ln(1 + a + a^2 / (1 + sqrt(a^2 + 1))); beyond 10^4 ln(2 a), before a^2 overflows. */
export const accurateAsinh: WgslFunction = {
  name: 'accurate_asinh',
  needs: [accurateLog, log1p],
  source: `
    fn accurate_asinh(x: f32) -> f32 {
      let a = abs(x);
      let b = select(a, 1e4, a > 1e4);
      let near = log1p(b + b * b / (1.0 + sqrt(b * b + 1.0)));
      let size = select(near, accurate_log(a) + 0.6931471805599453, a > 1e4);
      return select(select(size, -size, x < 0.0), x, a < 1e-4);
    }`,
};

/** acosh x to 5 ulp: ln(1 + t + sqrt(t (t + 2))) with t = x - 1; NaN below 1. */
export const accurateAcosh: WgslFunction = {
  name: 'accurate_acosh',
  needs: [accurateLog, log1p],
  source: `
    fn accurate_acosh(x: f32) -> f32 {
      let t = select(x, 1e4, x > 1e4) - 1.0;
      let near = log1p(t + sqrt(t * (t + 2.0)));
      let size = select(near, accurate_log(x) + 0.6931471805599453, x > 1e4);
      // NaN of x's own bits: WGSL has no literal for it.
      return select(size, bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), x < 1.0);
    }`,
};

/** atanh x to 5 ulp: ln(1 + 2 a / (1 - a)) / 2; infinite at -1 and 1, NaN beyond. */
export const accurateAtanh: WgslFunction = {
  name: 'accurate_atanh',
  needs: [log1p],
  source: `
    fn accurate_atanh(x: f32) -> f32 {
      let a = abs(x);
      let inside = select(a, 0.5, a >= 1.0);
      let size = 0.5 * log1p(2.0 * inside / (1.0 - inside));
      let bits = bitcast<u32>(x);
      let beyond = select(bits | 0x7fc00000u, (bits & 0x80000000u) | 0x7f800000u, a == 1.0);
      return select(select(select(size, -size, x < 0.0), x, a < 1e-4), bitcast<f32>(beyond), a >= 1.0);
    }`,
};
