import type { WgslFunction } from '../wgsl.ts';

/** High and low word of a 32 x 32 bit product, which WGSL has no built-in for. */
export const mulWide: WgslFunction = {
  name: 'mul_wide',
  source: `
    fn mul_wide(a: u32, b: u32) -> vec2u {
      let a0 = a & 0xffffu;  let a1 = a >> 16u;
      let b0 = b & 0xffffu;  let b1 = b >> 16u;
      let low = a0 * b0;
      let mid = a1 * b0 + (low >> 16u);
      let mid2 = a0 * b1 + (mid & 0xffffu);
      return vec2u(a1 * b1 + (mid >> 16u) + (mid2 >> 16u), a * b);
    }`,
};
