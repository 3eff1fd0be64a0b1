import type { OpTable } from '../graph/ops/definition.ts';
import type { Value } from '../graph/value.ts';
/** What a derivative rule may use. */
export interface VjpContext {
    readonly inputs: readonly Value[];
    readonly out: Value;
    /** dL/dout, of out's shape. */
    readonly cotangent: Value;
    readonly attrs: Readonly<Record<string, unknown>>;
}
/**
 * One formula per input for dL/dinput, of that input's shape (a pointwise rule may return the broadcast shape:
 * the sweep sums it back). `null` where there is none. Only the needed formulas are evaluated.
 */
export type Vjp = (context: VjpContext) => readonly ((() => Value) | null)[];
/** A rule for every op of the family that has a derivative; `tsc` names a missing one. */
export type VjpTable<T extends OpTable> = {
    readonly [K in keyof T as T[K] extends {
        leaf: true;
    } | {
        identity: true;
    } | {
        nonDifferentiable: string;
    } ? never : K]: Vjp;
};
