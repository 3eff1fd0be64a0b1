import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const controlOps = {
  /** Passes its input on and no derivative back. */
  stopGradient: { identity: true },
  /** Passes its first input on; its derivative is `attrs.vjp`, towards the other inputs. */
  custom: { identity: true },
} as const satisfies OpTable;

/** x, as a constant to differentiation. */
export const stopGradient = (x: Operand): Value => {
  const value = asValue(x);
  return makeValue('stopGradient', [value], {}, value.shape, value.dtype);
};

/** One formula per dependency, given the cotangent of the result; evaluated only where it is needed. */
export type CustomVjp = (cotangent: Value) => readonly (() => Value)[];

/**
 * `out`, whose derivative with respect to `dependencies` is given by `vjp` instead of by following how `out`
 * was computed. For composites whose hand-derived gradient reads less memory (batch norm: two reductions
 * instead of four).
 */
export const withVjp = (out: Value, dependencies: readonly Value[], vjp: CustomVjp): Value =>
  makeValue('custom', [out, ...dependencies], { vjp }, out.shape, out.dtype);
