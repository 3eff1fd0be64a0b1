import type { DifferentiableOp } from '../graph/ops/index.ts';
import type { AttrsOf, Value } from '../graph/value.ts';

/** What a derivative rule may use. `A`: the attributes of its op. */
export interface VjpContext<A> {
  readonly inputs: readonly Value[];
  readonly out: Value;
  /** dL/dout, of out's shape. */
  readonly cotangent: Value;
  readonly attrs: A;
}

/**
 * One formula per input for dL/dinput, of that input's shape (a pointwise rule may return the broadcast shape: the
 * sweep sums it back). `null`: no gradient flows to that input. Only the needed formulas are evaluated.
 */
export type Vjp<A> = (context: VjpContext<A>) => Formulas;
export type Formulas = readonly ((() => Value) | null)[];

/** A rule for every op that has a derivative; `tsc` names a missing one. */
export type Vjps = { readonly [K in DifferentiableOp]: Vjp<AttrsOf<K>> };
