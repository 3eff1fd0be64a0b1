import type { Carrying } from '../graph/carried.ts';
import type { DifferentiableOp } from '../graph/ops/index.ts';
import type { AttrsOf, OpName, Value } from '../graph/value.ts';

/** What a derivative rule of op `K` may use. */
export interface VjpContext<K extends OpName> {
  readonly inputs: readonly Value[];
  readonly out: Value & Carrying<K>;
  /** dL/dout, of out's shape. */
  readonly cotangent: Value;
  readonly attrs: AttrsOf<K>;
}

/**
 * One formula per input for dL/dinput, of that input's shape (a pointwise rule may return the broadcast shape: the
 * sweep sums it back). `null`: no gradient flows to that input. Only the needed formulas are evaluated.
 */
export type Vjp<K extends OpName> = (context: VjpContext<K>) => Formulas;
export type Formulas = readonly ((() => Value) | null)[];

/** A rule for every op that has a derivative; `tsc` names a missing one. */
export type Vjps = { readonly [K in DifferentiableOp]: Vjp<K> };
