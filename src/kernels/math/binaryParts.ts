import type { WgslFunction } from '../wgsl.ts';

/**
 * vec2(e, f) with x = 2^e (1 + f) and 1 + f in [sqrt(1/2), sqrt(2)), of positive finite x. Taken from its bits, so that
 * subnormal numbers count on adapters that flush them.
 */
export const binaryParts: WgslFunction = {
  name: 'binary_parts',
  source: `
    fn binary_parts(x: f32) -> vec2f {
      let bits = bitcast<u32>(x);
      let subnormal = bits < 0x800000u;
      let lifted = select(bits, bitcast<u32>(f32(bits)), subnormal) + 0x4afb0du;
      let e = f32(lifted >> 23u) - select(127.0, 276.0, subnormal);
      return vec2f(e, bitcast<f32>((lifted & 0x7fffffu) + 0x3f3504f3u) - 1.0);
    }`,
};
