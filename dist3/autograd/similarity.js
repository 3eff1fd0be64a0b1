import { reshape, slice } from '../graph/ops/movement.js';
import { add, clamp, div, mul, neg, scale, shift, sqrt, square, sub } from '../graph/ops/pointwise.js';
import { sum } from '../graph/ops/reduce.js';
import { NORM_FLOOR } from '../graph/ops/similarity.js';
export const similarityVjps = {
    /** With u = a/|a|, v = b/|b|, c = cos: d(1 - c)/da = (c u - v) / |a|, and the mirror image for b. */
    cosineMap({ inputs: [a, b], out, cotangent }) {
        const expanded = [out.shape[0], 1, ...out.shape.slice(1)];
        const g = reshape(cotangent, expanded);
        const c = shift(neg(reshape(out, expanded)), 1);
        const na = channelNorm(a);
        const nb = channelNorm(b);
        const u = div(a, na);
        const v = div(b, nb);
        return [() => mul(g, div(sub(mul(c, u), v), na)), () => mul(g, div(sub(mul(c, v), u), nb))];
    },
    /** d(a.b)/da = b, d(a.a)/da = 2 a. */
    rowDots({ inputs: [a, b], cotangent }) {
        const column = (i) => slice(cotangent, [null, { start: i, end: i + 1 }]);
        return [
            () => add(mul(column(0), b), mul(scale(column(1), 2), a)),
            () => add(mul(column(0), a), mul(scale(column(2), 2), b)),
        ];
    },
};
const channelNorm = (x) => clamp(sqrt(sum(square(x), { axes: [1], keepDims: true })), NORM_FLOOR, 3e38);
//# sourceMappingURL=similarity.js.map