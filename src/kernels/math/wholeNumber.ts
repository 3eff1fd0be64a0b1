import type { WgslFunction } from '../wgsl.ts';

/**
 * A whole number of at most 2^22 as i32, by its bits: WGSL's own conversion saturates, which on a CPU adapter takes an
 * eighth of `pow`'s time. 1.5 * 2^23 is added, from where on float32's last digit is 1.
 */
export const wholeNumber: WgslFunction = {
  name: 'whole_number',
  source: `
    fn whole_number(x: f32) -> i32 {
      return bitcast<i32>(x + 12582912.0) - 0x4b400000;
    }`,
};
