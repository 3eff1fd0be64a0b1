import { ShapeError, WgadError } from '../errors.js';
import { OPS } from '../graph/ops/index.js';
import { add } from '../graph/ops/pointwise.js';
import { sumTo } from '../graph/ops/reduce.js';
import { constant, topological } from '../graph/value.js';
import { product, shapesEqual, shapeText } from '../shape.js';
import { vjps } from './index.js';
/**
 * dL/dv for each `v` of `wrt`, as values of the same graph. `loss` has one element. Un-broadcasting and the
 * accumulation of several uses happen here, once, so that no rule repeats them.
 * @throws ShapeError where the loss is not a scalar; WgadError naming the path where a derivative is missing.
 */
export function grad(loss, wrt) {
    if (product(loss.shape) !== 1) {
        throw new ShapeError(`grad: loss expects one element, got ${shapeText(loss.shape)}`);
    }
    const needed = dependents(loss, wrt);
    const cotangents = new Map([[loss, constant([1], loss.shape)]]);
    const order = topological([loss]).filter((value) => needed.has(value));
    for (const value of order.reverse()) {
        const cotangent = cotangents.get(value);
        if (!cotangent || OPS[value.op].leaf || wrt.includes(value))
            continue;
        pullBack(value, cotangent, needed, (operand, term) => {
            const summed = shapesEqual(term.shape, operand.shape) ? term : sumTo(term, operand.shape);
            const soFar = cotangents.get(operand);
            cotangents.set(operand, soFar ? add(soFar, summed) : summed);
        });
    }
    return wrt.map((value) => {
        const cotangent = cotangents.get(value);
        if (cotangent)
            return cotangent;
        throw new WgadError('E_CONFIG', `grad: the loss does not depend on ${value.scope || value.op} ${shapeText(value.shape)}`, { fix: 'leave it out of the values to differentiate' });
    });
}
/** `fn` with its gradient: returns the loss and dL/dparams, in the shape of `params`. */
export function valueAndGrad(fn) {
    return (params, ...rest) => {
        const loss = fn(params, ...rest);
        const names = Object.keys(params);
        const values = grad(loss, names.map((name) => params[name]));
        const grads = Object.fromEntries(names.map((name, i) => [name, values[i]]));
        return { loss, grads };
    };
}
function pullBack(value, cotangent, needed, give) {
    if (value.op === 'stopGradient')
        return;
    if (value.op === 'custom') {
        const terms = value.attrs.vjp(cotangent);
        value.inputs.slice(1).forEach((operand, i) => {
            if (needed.has(operand))
                give(operand, terms[i]());
        });
        return;
    }
    const rule = vjps[value.op];
    if (!rule) {
        const reason = OPS[value.op].nonDifferentiable;
        // Reached only where a needed value lies behind this op.
        throw new WgadError('E_CONFIG', `grad: no derivative flows through ${value.op}: ${reason}`, {
            where: value.scope,
            fix: 'wrap it in stopGradient, or take the gradient of something else',
        });
    }
    const terms = rule({ inputs: value.inputs, out: value, cotangent, attrs: value.attrs });
    value.inputs.forEach((operand, i) => {
        const term = terms[i];
        if (term && needed.has(operand))
            give(operand, term());
    });
}
/** Values on a path from one of `wrt` to the loss that derivatives may follow. */
function dependents(loss, wrt) {
    const found = new Set(wrt);
    for (const value of topological([loss])) {
        if (value.op === 'stopGradient')
            continue;
        const through = value.op === 'custom' ? value.inputs.slice(1) : value.inputs;
        if (through.some((operand) => found.has(operand)))
            found.add(value);
    }
    return found;
}
//# sourceMappingURL=reverse.js.map