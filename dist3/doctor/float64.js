/** Plain float64 arithmetic that the adapter's answers are held against. Slow and obvious on purpose. */
/** x [N, C, H, W], w [O, C, kh, kw] -> [N, O, oh, ow]. */
export function conv2d64(x, w, { stride, padding }) {
    const [n, c, h, width] = x.shape;
    const [o, , kh, kw] = w.shape;
    const oh = Math.floor((h + 2 * padding - kh) / stride) + 1;
    const ow = Math.floor((width + 2 * padding - kw) / stride) + 1;
    const data = new Float64Array(n * o * oh * ow);
    for (let i = 0; i < data.length; i++) {
        const [px, py] = [i % ow, Math.floor(i / ow) % oh];
        const [out, image] = [Math.floor(i / (ow * oh)) % o, Math.floor(i / (ow * oh * o))];
        let sum = 0;
        for (let ci = 0; ci < c; ci++) {
            for (let ky = 0; ky < kh; ky++) {
                const y = py * stride + ky - padding;
                if (y < 0 || y >= h)
                    continue;
                for (let kx = 0; kx < kw; kx++) {
                    const at = px * stride + kx - padding;
                    if (at < 0 || at >= width)
                        continue;
                    sum +=
                        x.data[((image * c + ci) * h + y) * width + at] * w.data[((out * c + ci) * kh + ky) * kw + kx];
                }
            }
        }
        data[i] = sum;
    }
    return { shape: [n, o, oh, ow], data };
}
/** Maximum over 3 x 3 at stride 2, padding 1. */
export function maxPool64(x) {
    const [n, c, h, w] = x.shape;
    const [oh, ow] = [Math.floor((h - 1) / 2) + 1, Math.floor((w - 1) / 2) + 1];
    const data = new Float64Array(n * c * oh * ow);
    for (let i = 0; i < data.length; i++) {
        const [px, py, plane] = [i % ow, Math.floor(i / ow) % oh, Math.floor(i / (ow * oh))];
        let highest = Number.NEGATIVE_INFINITY;
        for (let y = Math.max(0, 2 * py - 1); y <= Math.min(h - 1, 2 * py + 1); y++) {
            for (let at = Math.max(0, 2 * px - 1); at <= Math.min(w - 1, 2 * px + 1); at++) {
                highest = Math.max(highest, x.data[(plane * h + y) * w + at]);
            }
        }
        data[i] = highest;
    }
    return { shape: [n, c, oh, ow], data };
}
/** Each element with its channel's index: x [N, C, ...]. */
export function perChannel64(x, fn) {
    const [, c, ...space] = x.shape;
    const plane = space.reduce((p, s) => p * s, 1);
    return { shape: x.shape, data: x.data.map((value, i) => fn(value, Math.floor(i / plane) % c)) };
}
export const map64 = (x, fn) => ({
    shape: x.shape,
    data: x.data.map(fn),
});
//# sourceMappingURL=float64.js.map