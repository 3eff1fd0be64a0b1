import type { WgslFunction } from '../wgsl.ts';
import { binaryParts } from './binaryParts.ts';

/**
 * ln x to 2 ulp on every adapter, next to 1 too: WGSL allows 2^-21 there, which is all of ln x where x is that near. x = 2^e (1 + f),
 * then Cephes' polynomial of f. -infinity at 0, NaN below it and for NaN: made of x's own bits, for WGSL has no such literals.
 */
export const accurateLog: WgslFunction = {
  name: 'accurate_log',
  needs: [binaryParts],
  source: `
    fn accurate_log(x: f32) -> f32 {
      let bits = bitcast<u32>(x);
      let parts = binary_parts(x);
      let e = parts.x;
      let f = parts.y;
      let y = f * f;
      let p = 0.33333331174 + f * (-0.24999993993 + f * (0.20000714765 + f * (-0.16668057665 + f * (0.14249322787
        + f * (-0.12420140846 + f * (0.11676998740 + f * (-0.11514610310 + f * 0.070376836292)))))));
      let result = e * 0.693359375 + (f + (f * y * p - e * 2.12194440e-4 - 0.5 * y));
      let zero = (bits & 0x7fffffffu) == 0u;
      let unbounded = bits >= 0x7f800000u && bits <= 0x7fffffffu;
      let special = select(bits | select(0x7fc00000u, 0xff800000u, zero), bits, unbounded);
      return select(result, bitcast<f32>(special), zero || bits >= 0x7f800000u);
    }`,
};
