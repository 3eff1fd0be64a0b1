import { stopGradient } from '../graph/ops/control.js';
import { div, exp, log, sub } from '../graph/ops/pointwise.js';
import { max, sum } from '../graph/ops/reduce.js';
import { asValue } from '../graph/value.js';
/** exp(x) over its sum along `axis`; the largest element is taken away first, so nothing overflows. */
export function softmax(x, axis = -1) {
    const powers = exp(centred(x, axis));
    return div(powers, sum(powers, { axes: [axis], keepDims: true }));
}
/** log of softmax along `axis`, without forming the quotient. */
export function logSoftmax(x, axis = -1) {
    const lowered = centred(x, axis);
    return sub(lowered, log(sum(exp(lowered), { axes: [axis], keepDims: true })));
}
/** The shift cancels, so no derivative flows through it. */
function centred(x, axis) {
    const value = asValue(x);
    return sub(value, stopGradient(max(value, { axes: [axis], keepDims: true })));
}
//# sourceMappingURL=softmax.js.map