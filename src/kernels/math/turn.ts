import type { WgslFunction } from '../wgsl.ts';

/**
 * cos and sin of 2 pi word / 2^24 - pi, to 1e-7 on every adapter: WGSL asks 2^-11 of its own, and SwiftShader gives no
 * more. The nearest quarter turn is taken off exactly, Taylor series do the eighth that is left.
 */
export const turn: WgslFunction = {
  name: 'turn',
  source: `
    fn turn(word: u32) -> vec2f {
      let quarter = (word + 0x200000u) >> 22u;
      let a = f32(i32(word) - i32(quarter << 22u)) * 3.7450702829239286e-7;
      let y = a * a;
      let s = a * (1.0 + y * (-0.16666666667 + y * (0.0083333333333 + y * (-0.00019841269841 + y * 2.7557319224e-6))));
      let c = 1.0 + y * (-0.5 + y * (0.041666666667 + y * (-0.0013888888889 + y * 0.000024801587302)));
      let odd = select(vec2f(-c, -s), vec2f(s, -c), (quarter & 1u) == 1u);
      return select(odd, -odd, (quarter & 2u) == 2u);
    }`,
};
