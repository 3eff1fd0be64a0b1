import { requireFunction, requireList } from '../../arguments.ts';
import { DtypeError, gotText } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { asValue, isValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const controlOps = {
  /** Passes its input on and no derivative back. */
  stopGradient: { identity: true },
  /** Passes its first input on; its derivative towards the other inputs is `vjp`. */
  custom: { attrs: attributes<{ readonly vjp: CustomVjp }>(), identity: true },
} as const satisfies OpTable;

/** x, as a constant to differentiation. */
export const stopGradient = (x: Operand, ...extra: never[]): Value => {
  refuseExtra('stopGradient', extra);
  const value = asValue(x, 'stopGradient');
  return makeValue('stopGradient', [value], {}, value.shape, value.dtype);
};

/** One formula per dependency, given the cotangent of the result; evaluated only where it is needed. */
export type CustomVjp = (cotangent: Value) => readonly (() => Value)[];

/**
 * `out`, whose derivative with respect to `dependencies` is given by `vjp` instead of by following how `out`
 * was computed. For composites whose hand-derived gradient reads less memory (batch norm: two reductions
 * instead of four).
 */
export function withVjp(
  out: Value,
  dependencies: readonly Value[],
  vjp: CustomVjp,
  ...extra: never[]
): Value {
  refuseExtra('withVjp', extra);
  requireList('withVjp', 'dependencies', dependencies);
  requireFunction('withVjp', 'vjp', vjp);
  for (const each of [out, ...dependencies]) {
    if (!isValue(each)) throw new DtypeError(`withVjp: expects values of the graph, got ${gotText(each)}`);
  }
  return makeValue('custom', [out, ...dependencies], { vjp }, out.shape, out.dtype);
}
