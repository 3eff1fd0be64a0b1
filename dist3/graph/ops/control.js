import { asValue, makeValue } from '../value.js';
export const controlOps = {
    /** Passes its input on and no derivative back. */
    stopGradient: { identity: true },
    /** Passes its first input on; its derivative is `attrs.vjp`, towards the other inputs. */
    custom: { identity: true },
};
/** x, as a constant to differentiation. */
export const stopGradient = (x) => {
    const value = asValue(x);
    return makeValue('stopGradient', [value], {}, value.shape, value.dtype);
};
/**
 * `out`, whose derivative with respect to `dependencies` is given by `vjp` instead of by following how `out`
 * was computed. For composites whose hand-derived gradient reads less memory (batch norm: two reductions
 * instead of four).
 */
export const withVjp = (out, dependencies, vjp) => makeValue('custom', [out, ...dependencies], { vjp }, out.shape, out.dtype);
//# sourceMappingURL=control.js.map