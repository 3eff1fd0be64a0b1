import type { WgslFunction } from '../wgsl.ts';

/** e^r - 1 for |r| up to ln(2) / 2: Cephes' polynomial. */
export const expSeries: WgslFunction = {
  name: 'exp_series',
  source: `
    fn exp_series(r: f32) -> f32 {
      let p = 0.5 + r * (0.16666665459 + r * (0.041665795894 + r * (0.0083334519073
        + r * (0.0013981999507 + r * 0.00019875691500))));
      return r + r * r * p;
    }`,
};
