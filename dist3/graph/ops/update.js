import { ShapeError } from '../../errors.js';
import { shapesEqual, shapeText } from '../../shape.js';
import { makeValue } from '../value.js';
/** Ops that write state in place. They are a graph's effects and have no result of their own. */
export const updateOps = {
    /** state, value: state = value. */
    assign: { updates: [0], nonDifferentiable: 'it updates state' },
    /** state, value. attrs: rate. state += rate (value - state). */
    assignAverage: { updates: [0], nonDifferentiable: 'it updates state' },
    /** p, m, v, vmax?, grad, settings [lr, 1 - beta1^t, 1 - beta2^t]. attrs: beta1, beta2, eps, weightDecay, amsgrad. */
    adamw: { updates: [0, 1, 2], nonDifferentiable: 'it updates state' },
    /** The same with the running maximum of v, its fourth input. */
    adamwAmsgrad: { updates: [0, 1, 2, 3], nonDifferentiable: 'it updates state' },
    /** p, buf, grad, settings [lr, first step ? 1 : 0]. attrs: momentum, weightDecay. */
    sgd: { updates: [0, 1], nonDifferentiable: 'it updates state' },
};
function effect(op, inputs, attrs) {
    const updated = updateOps[op].updates.map((i) => inputs[i]);
    for (const value of updated) {
        if (value.op !== 'state')
            throw new ShapeError(`${op}: expects state to update, got the result of ${value.op}`);
    }
    return makeValue(op, inputs, attrs, inputs[0].shape);
}
function requireSameShape(op, target, value) {
    if (!shapesEqual(target.shape, value.shape)) {
        throw new ShapeError(`${op}: value expects ${shapeText(target.shape)}, got ${shapeText(value.shape)}`);
    }
}
/** state = value. */
export function assign(target, value) {
    requireSameShape('assign', target, value);
    return effect('assign', [target, value], {});
}
/** state += rate (value - state): running statistics. */
export function assignAverage(target, value, rate) {
    requireSameShape('assignAverage', target, value);
    return effect('assignAverage', [target, value], { rate });
}
/** One AdamW step for a whole slab (methods.md section 1). `settings` = [lr, 1 - beta1^t, 1 - beta2^t]. */
export function adamw(slabs, grad, settings, attrs) {
    requireSameShape('adamw', slabs.p, grad);
    const { p, m, v, vmax } = slabs;
    return vmax
        ? effect('adamwAmsgrad', [p, m, v, vmax, grad, settings], { ...attrs })
        : effect('adamw', [p, m, v, grad, settings], { ...attrs });
}
/** One SGD step for a whole slab (methods.md section 1). `settings` = [lr, 1 at the first step else 0]. */
export function sgd(slabs, grad, settings, attrs) {
    requireSameShape('sgd', slabs.p, grad);
    return effect('sgd', [slabs.p, slabs.buf, grad, settings], { ...attrs });
}
//# sourceMappingURL=update.js.map