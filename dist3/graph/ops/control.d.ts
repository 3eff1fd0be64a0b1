import { type Operand, type Value } from '../value.ts';
export declare const controlOps: {
    /** Passes its input on and no derivative back. */
    readonly stopGradient: {
        readonly identity: true;
    };
    /** Passes its first input on; its derivative is `attrs.vjp`, towards the other inputs. */
    readonly custom: {
        readonly identity: true;
    };
};
/** x, as a constant to differentiation. */
export declare const stopGradient: (x: Operand) => Value;
/** One formula per dependency, given the cotangent of the result; evaluated only where it is needed. */
export type CustomVjp = (cotangent: Value) => readonly (() => Value)[];
/**
 * `out`, whose derivative with respect to `dependencies` is given by `vjp` instead of by following how `out`
 * was computed. For composites whose hand-derived gradient reads less memory (batch norm: two reductions
 * instead of four).
 */
export declare const withVjp: (out: Value, dependencies: readonly Value[], vjp: CustomVjp) => Value;
