import { ShapeError } from '../../errors.js';
import { normalizeAxis, product, shapeText } from '../../shape.js';
import { asValue, makeValue, requireFloat } from '../value.js';
import { reshape } from './movement.js';
import { sqrt, square, sub } from './pointwise.js';
export const reduceOps = {
    /** attrs: kind, axes (sorted), prologue?, factor. Reduced axes stay with size 1; the result is times factor. */
    reduce: { takesPrologue: true },
    /** attrs: axis. Index (i32) of the first largest element; that axis stays with size 1. */
    argmax: { nonDifferentiable: 'an index does not move with its values' },
};
function reduce(name, kind, x, { axes, keepDims = false }, factor = () => 1) {
    const value = asValue(x);
    requireFloat(name, { x: value });
    const chosen = [
        ...new Set((axes ?? value.shape.map((_, axis) => axis)).map((a) => normalizeAxis(name, a, value.shape.length))),
    ].sort((a, b) => a - b);
    const count = product(chosen.map((axis) => value.shape[axis]));
    if (count === 0 && kind !== 'sum') {
        throw new ShapeError(`${name}: x expects at least one element to reduce, got ${shapeText(value.shape)}`);
    }
    const kept = value.shape.map((size, axis) => (chosen.includes(axis) ? 1 : size));
    const out = makeValue('reduce', [value], { kind, axes: chosen, factor: factor(count) }, kept);
    return keepDims ? out : dropAxes(out, chosen);
}
const dropAxes = (x, axes) => reshape(x, x.shape.filter((_, axis) => !axes.includes(axis)));
/** Sum over `axes`, a tree of fixed shape in float32. */
export const sum = (x, options = {}) => reduce('sum', 'sum', x, options);
export const mean = (x, options = {}) => reduce('mean', 'sum', x, options, (count) => 1 / count);
export const max = (x, options = {}) => reduce('max', 'max', x, options);
export const min = (x, options = {}) => reduce('min', 'min', x, options);
/** Mean of squared distances from the mean, two passes; `unbiased` divides by n - 1 (default true, as PyTorch). */
export function variance(x, options = {}) {
    const value = asValue(x);
    const { unbiased = true, ...rest } = options;
    const centred = sub(value, mean(value, { axes: rest.axes, keepDims: true }));
    return reduce('variance', 'sum', square(centred), rest, (count) => 1 / Math.max(0, count - (unbiased ? 1 : 0)));
}
/** Standard deviation; see `variance`. */
export const std = (x, options = {}) => sqrt(variance(x, options));
/** Index (i32) of the largest element along `axis`, the first of equals. */
export function argmax(x, axis, keepDims = false) {
    const value = asValue(x);
    requireFloat('argmax', { x: value });
    const chosen = normalizeAxis('argmax', axis, value.shape.length);
    if (value.shape[chosen] === 0) {
        throw new ShapeError(`argmax: x expects at least one element along axis ${axis}, got ${shapeText(value.shape)}`);
    }
    const kept = value.shape.map((size, i) => (i === chosen ? 1 : size));
    const out = makeValue('argmax', [value], { axis: chosen }, kept, 'i32');
    return keepDims ? out : dropAxes(out, [chosen]);
}
/** Sums `x` back to `shape`, which broadcasts to x's: the derivative of broadcasting. */
export function sumTo(x, shape) {
    const lead = x.shape.length - shape.length;
    const chosen = x.shape
        .map((_, axis) => axis)
        .filter((axis) => axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1));
    const summed = chosen.length === 0 ? x : sum(x, { axes: chosen, keepDims: true });
    return reshape(summed, shape);
}
//# sourceMappingURL=reduce.js.map