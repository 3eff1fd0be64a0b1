import { broadcastTo, div, equal, mul, scale } from '../graph/ops/pointwise.js';
import { sum } from '../graph/ops/reduce.js';
export const reduceVjps = {
    /** sum: the cotangent everywhere. max, min: shared evenly by the elements that equal the extreme. */
    reduce({ inputs: [x], out, cotangent: g, attrs }) {
        const { kind, axes, factor } = attrs;
        if (kind === 'sum')
            return [() => broadcastTo(scale(g, factor), x.shape)];
        return [
            () => {
                const hits = equal(x, out);
                return mul(hits, div(g, sum(hits, { axes, keepDims: true })));
            },
        ];
    },
};
//# sourceMappingURL=reduce.js.map