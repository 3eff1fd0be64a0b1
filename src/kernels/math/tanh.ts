import type { WgslFunction } from '../wgsl.ts';
import { isNan } from './nan.ts';

/** tanh whose argument is clamped first: some drivers compute it through exp and overflow to NaN. */
export const safeTanh: WgslFunction = {
  name: 'safe_tanh',
  needs: [isNan],
  source: `
    fn safe_tanh(x: f32) -> f32 {
      return select(tanh(clamp(x, -15.0, 15.0)), x, is_nan(x));
    }`,
};
