/** High and low word of a 32 x 32 bit product, which WGSL has no built-in for. */
const mulWide = {
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
/** Philox 4x32-10 (Salmon et al. 2011): four random words from a counter and a key. Twin: src/random.ts. */
export const philox = {
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
//# sourceMappingURL=philox.js.map