import { ShapeError } from './errors.js';
export const product = (sizes) => sizes.reduce((total, size) => total * size, 1);
export const shapesEqual = (a, b) => a.length === b.length && a.every((size, axis) => size === b[axis]);
export const shapeText = (shape) => `[${shape.join(', ')}]`;
/** Row-major strides, in elements. */
export function stridesOf(shape) {
    const strides = new Array(shape.length);
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= shape[axis];
    }
    return strides;
}
/**
 * The shape both operands broadcast to (NumPy rules: align at the right, 1 stretches).
 * @throws ShapeError naming `op` and both shapes.
 */
export function broadcastShapes(op, a, b) {
    const rank = Math.max(a.length, b.length);
    const out = new Array(rank);
    for (let axis = 0; axis < rank; axis++) {
        const x = a[axis - (rank - a.length)] ?? 1;
        const y = b[axis - (rank - b.length)] ?? 1;
        if (x !== y && x !== 1 && y !== 1) {
            throw new ShapeError(`${op}: shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast: axis ${axis - rank} is ${x} and ${y}`);
        }
        out[axis] = x === 1 ? y : x;
    }
    return out;
}
/** A possibly negative axis as 0..rank-1. */
export function normalizeAxis(op, axis, rank) {
    const resolved = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
        throw new ShapeError(`${op}: axis expects an integer in [${-rank}, ${rank - 1}], got ${axis}`);
    }
    return resolved;
}
//# sourceMappingURL=shape.js.map