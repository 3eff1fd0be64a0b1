import { requireCount } from '../../arguments.ts';
import { DtypeError, ShapeError } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { floatOperand, requireIndices } from '../operands.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const selectOps = {
  /** labels (i32) [N] -> [N, classes] of 0 and 1; a row of NaN for a label out of range. */
  oneHot: { nonDifferentiable: 'labels are integers' },
  /** Rows of x by index: x [R, ...S], indices (i32) [N] -> [N, ...S]; NaN for an index out of range. */
  gather: { readsHalf: true },
} as const satisfies OpTable;

/**
 * 1 at each label's place. labels (i32) [N] -> [N, classes].
 * @throws ShapeError for a constant label outside 0..classes-1; one that only the device knows gives a row of NaN.
 */
export function oneHot(labels: Operand, classes: number, ...extra: never[]): Value {
  refuseExtra('oneHot', extra);
  const value = integers('oneHot', 'labels', labels);
  requireCount('oneHot', 'classes', classes, 1);
  requireIndices('oneHot', 'labels', value, classes);
  return makeValue('oneHot', [value], {}, [value.shape[0]!, classes]);
}

/**
 * Rows of x [R, ...S] by indices (i32) [N] -> [N, ...S].
 * @throws ShapeError for a constant index outside 0..R-1; one that only the device knows gives a row of NaN.
 */
export function gather(x: Operand, indices: Operand, ...extra: never[]): Value {
  refuseExtra('gather', extra);
  const value = floatOperand('gather', 'x', x);
  const rows = integers('gather', 'indices', indices);
  if (value.shape.length < 1 || value.shape[0]! < 1) {
    throw new ShapeError(`gather: x expects at least one row, got ${shapeText(value.shape)}`);
  }
  requireIndices('gather', 'indices', rows, value.shape[0]!);
  return makeValue('gather', [value, rows], {}, [rows.shape[0]!, ...value.shape.slice(1)]);
}

/** @throws DtypeError, ShapeError unless it is i32 [N]. */
function integers(op: string, name: string, operand: Operand): Value {
  const value = asValue(operand, op);
  if (value.dtype !== 'i32') throw new DtypeError(`${op}: ${name} expects i32, got ${value.dtype}`);
  if (value.shape.length === 1) return value;
  throw new ShapeError(`${op}: ${name} expects [N], got ${shapeText(value.shape)}`);
}
