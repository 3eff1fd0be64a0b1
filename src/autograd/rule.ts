import type { OpTable } from '../graph/ops/definition.ts';
import type { AttrsOf, DifferentiableOp, OpName } from '../graph/ops/index.ts';
import type { Value } from '../graph/value.ts';

/** What a derivative rule may use. */
export interface VjpContext<K extends OpName = OpName> {
  readonly inputs: readonly Value[];
  readonly out: Value;
  /** dL/dout, of out's shape. */
  readonly cotangent: Value;
  readonly attrs: AttrsOf<K>;
}

/**
 * One formula per input for dL/dinput, of that input's shape (a pointwise rule may return the broadcast shape:
 * the sweep sums it back). `null` where there is none. Only the needed formulas are evaluated.
 */
export type Vjp<K extends OpName = OpName> = (context: VjpContext<K>) => readonly ((() => Value) | null)[];

/** A rule for every op of the family that has a derivative; `tsc` names a missing one. */
export type VjpTable<T extends OpTable> = {
  readonly [K in DifferentiableOp<T> & OpName]: Vjp<K>;
};
