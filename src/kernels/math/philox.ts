import type { WgslFunction } from '../wgsl.ts';
import { mulWide } from './mulWide.ts';

/** Philox 4x32-10 (Salmon et al. 2011): four random words from a counter and a key. Twin: src/random.ts. */
export const philox: WgslFunction = {
  name: 'philox',
  needs: [mulWide],
  source: `
    fn philox(counter: vec4u, key: vec2u) -> vec4u {
      var c = counter;
      var k = key;
      for (var round = 0u; round < 10u; round++) {
        let p0 = mul_wide(0xD2511F53u, c.x);
        let p1 = mul_wide(0xCD9E8D57u, c.z);
        c = vec4u(p1.x ^ c.y ^ k.x, p1.y, p0.x ^ c.w ^ k.y, p0.y);
        k += vec2u(0x9E3779B9u, 0xBB67AE85u);
      }
      return c;
    }`,
};
