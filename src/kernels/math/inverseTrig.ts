import type { WgslFunction } from '../wgsl.ts';

/** atan x to 3 ulp: Cephes' polynomial up to tan(pi/8), beyond it by atan((a - 1) / (a + 1)) and atan(-1 / a). */
export const accurateAtan: WgslFunction = {
  name: 'accurate_atan',
  source: `
    fn accurate_atan(x: f32) -> f32 {
      let a = abs(x);
      let far = a > 2.414213562373095;
      let middle = a > 0.4142135623730950;
      let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, far);
      let base = select(select(0.0, 0.7853981633974483, middle), 1.5707963267948966, far);
      let y = t * t;
      let p = -0.333329491539 + y * (0.199777106478 + y * (-0.138776856032 + y * 0.0805374449538));
      let size = base + (t + t * y * p);
      return select(select(size, -size, x < 0.0), x, a < 1e-4);
    }`,
};

/** asin(a) / a - 1 over y = a^2, for a in [0, 1/2]: Cephes' polynomial. */
const asinSeries: WgslFunction = {
  name: 'asin_series',
  source: `
    fn asin_series(y: f32) -> f32 {
      return y * (0.16666752422 + y * (0.074953002686 + y * (0.045470025998 + y * (0.024181311049 + y * 0.042163199048))));
    }`,
};

/** asin x to 4 ulp; NaN beyond -1 and 1. Above 1/2: pi/2 - 2 asin(sqrt((1 - a) / 2)). */
export const accurateAsin: WgslFunction = {
  name: 'accurate_asin',
  needs: [asinSeries],
  source: `
    fn accurate_asin(x: f32) -> f32 {
      let a = abs(x);
      let upper = a > 0.5;
      let y = select(a * a, 0.5 * (1.0 - a), upper);
      let t = select(a, sqrt(max(y, 0.0)), upper);
      let near = t + t * asin_series(y);
      let size = select(near, 1.5707963267948966 - 2.0 * near, upper);
      let inside = select(select(size, -size, x < 0.0), x, a < 1e-4);
      return select(inside, bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), a > 1.0);
    }`,
};

/** acos x to 4 ulp; NaN beyond -1 and 1. */
export const accurateAcos: WgslFunction = {
  name: 'accurate_acos',
  needs: [asinSeries],
  source: `
    fn accurate_acos(x: f32) -> f32 {
      let a = abs(x);
      let upper = a > 0.5;
      let y = select(a * a, 0.5 * (1.0 - a), upper);
      let t = select(x, sqrt(max(y, 0.0)), upper);
      let near = t + t * asin_series(y);
      let outer = select(2.0 * near, 3.141592653589793 - 2.0 * near, x < 0.0);
      let size = select(1.5707963267948966 - near, outer, upper);
      return select(size, bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), a > 1.0);
    }`,
};
