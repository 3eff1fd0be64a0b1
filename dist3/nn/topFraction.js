import { ShapeError } from '../errors.js';
import { withVjp } from '../graph/ops/control.js';
import { flatten, reshape } from '../graph/ops/movement.js';
import { add, div, equal, greater, mul, neg, scale, shift, sub, where } from '../graph/ops/pointwise.js';
import { max, sum } from '../graph/ops/reduce.js';
import { kthLargest } from '../graph/ops/select.js';
import { asValue } from '../graph/value.js';
/**
 * Exact mean of the floor(fraction * L) largest values of each row: x [N, ...] -> [N]. Fraction 0 means the
 * maximum (methods.md section 1). Ties at the threshold share their derivative.
 */
export function topFractionMean(x, fraction) {
    const rows = flatten(x);
    const [n, length] = rows.shape;
    if (!(fraction >= 0 && fraction <= 1)) {
        throw new ShapeError(`topFractionMean: fraction expects 0 to 1, got ${fraction}`);
    }
    const k = Math.floor(fraction * length + 1e-9);
    if (k === 0)
        return max(rows, { axes: [1] });
    const threshold = kthLargest(rows, k);
    const over = { axes: [1], keepDims: true };
    const above = greater(rows, threshold);
    // What exceeds the threshold, rather than sums that then cancel.
    const excess = sum(where(above, sub(rows, threshold), 0), over);
    const result = reshape(add(threshold, scale(excess, 1 / k)), [n]);
    return withVjp(result, [asValue(rows)], (g) => [
        () => {
            const tied = equal(rows, threshold);
            const room = shift(neg(sum(above, over)), k);
            const share = add(above, mul(tied, div(room, sum(tied, over))));
            return mul(scale(share, 1 / k), reshape(g, [n, 1]));
        },
    ]);
}
//# sourceMappingURL=topFraction.js.map