import type { WgslFunction } from '../wgsl.ts';

/** 2 (atanh(s) / s - 1) / s^2 over y = s^2, for |s| up to 0.18: ln(1 + x) is s (2 + y series) with s = x / (2 + x). */
export const atanhSeries: WgslFunction = {
  name: 'atanh_series',
  source: `
    fn atanh_series(y: f32) -> f32 {
      return 0.66666666667 + y * (0.4 + y * (0.28571428571 + y * (0.22222222222 + y * 0.18181818182)));
    }`,
};
