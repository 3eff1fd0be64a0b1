import { DtypeError, ShapeError } from '../errors.js';
import { product, shapeText } from '../shape.js';
let nextId = 0;
let currentScope = '';
/** Names the values made inside `body` after a layer; nests with dots. */
export function scope(name, body) {
    const outer = currentScope;
    currentScope = outer === '' ? name : `${outer}.${name}`;
    try {
        return body();
    }
    finally {
        currentScope = outer;
    }
}
export function makeValue(op, inputs, attrs, shape, dtype = 'f32', scopeName = currentScope) {
    return { id: nextId++, op, inputs, attrs, shape: [...shape], dtype, scope: scopeName };
}
/** A value from any operand; numbers become scalars. */
export function asValue(operand) {
    if (typeof operand === 'number')
        return constant([operand], []);
    return 'value' in operand ? operand.value : operand;
}
/** A value whose data is known when the graph is made. Row-major `data` of `shape`. */
export function constant(data, shape, dtype = 'f32') {
    if (data.length !== product(shape)) {
        throw new ShapeError(`constant: shape ${shapeText(shape)} expects ${product(shape)} numbers, got ${data.length}`);
    }
    return makeValue('constant', [], { data: Array.from(data) }, shape, dtype);
}
/** A value supplied anew at every run. */
export const input = (name, shape, dtype = 'f32') => makeValue('input', [], { name }, shape, dtype);
/** A value that persists between runs in a device buffer of its own and that effects may update in place. */
export const state = (name, shape, dtype = 'f32') => makeValue('state', [], { name }, shape, dtype);
/** A number known when the graph is made, or undefined. */
export function scalarConstant(value) {
    if (value.op !== 'constant' || product(value.shape) !== 1)
        return undefined;
    return value.attrs.data[0];
}
/** The program of a pointwise op. */
export const programOf = (value) => value.attrs.program;
/** All values that `roots` reach, inputs before users. */
export function topological(roots) {
    const seen = new Set();
    const stack = [...roots];
    while (stack.length > 0) {
        const value = stack.pop();
        if (seen.has(value))
            continue;
        seen.add(value);
        stack.push(...value.inputs);
    }
    return [...seen].sort((a, b) => a.id - b.id);
}
/** @throws DtypeError unless every value is a float. */
export function requireFloat(op, values) {
    for (const [name, value] of Object.entries(values)) {
        if (value.dtype !== 'f32' && value.dtype !== 'f16') {
            throw new DtypeError(`${op}: ${name} expects f32, got ${value.dtype}; cast it first`);
        }
    }
}
/** @throws ShapeError unless `value` has one of the allowed ranks. */
export function requireRank(op, name, value, ...ranks) {
    if (!ranks.includes(value.shape.length)) {
        throw new ShapeError(`${op}: ${name} expects rank ${ranks.join(' or ')}, got ${shapeText(value.shape)}`);
    }
}
//# sourceMappingURL=value.js.map