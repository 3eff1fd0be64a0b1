import { DtypeError, ShapeError } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { requireCount } from '../arguments.ts';
import { asValue, knownData, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const selectOps = {
  /** labels (i32) [N] -> [N, classes] of 0 and 1; a row of NaN where there is no such class. */
  oneHot: { nonDifferentiable: 'labels are integers' },
  /** Rows of x by index: x [R, ...S], indices (i32) [N] -> [N, ...S]; NaN where there is no such row. */
  gather: { readsHalf: true },
  /** The transpose of gather: dy [N, ...S], indices [N] -> [R, ...S], rows that share an index summed in order, others left out. */
  gatherGrad: {},
} as const satisfies OpTable;

/**
 * 1 at each label's place. labels (i32) [N] -> [N, classes].
 * @throws ShapeError for a constant label outside 0..classes-1; one that only the device knows gives a row of NaN.
 */
export function oneHot(labels: Operand, classes: number, ...extra: never[]): Value {
  refuseExtra('oneHot', extra);
  const value = asValue(labels, 'oneHot');
  requireInts('oneHot', 'labels', value);
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
  const value = asValue(x, 'gather');
  const rows = asValue(indices, 'gather');
  requireFloat('gather', { x: value });
  requireInts('gather', 'indices', rows);
  if (value.shape.length < 1 || value.shape[0]! < 1) {
    throw new ShapeError(`gather: x expects at least one row, got ${shapeText(value.shape)}`);
  }
  requireIndices('gather', 'indices', rows, value.shape[0]!);
  return makeValue('gather', [value, rows], {}, [rows.shape[0]!, ...value.shape.slice(1)]);
}

/** @throws ShapeError where `value` is known and one of its numbers is none of 0..count-1 (nor `also`): 0.5 is none. */
export function requireIndices(op: string, name: string, value: Value, count: number, also?: number): void {
  const known = knownData(value) ?? [];
  const exists = (index: number): boolean => Number.isInteger(index) && index >= 0 && index < count;
  const at = known.findIndex((index) => !exists(index) && index !== also);
  if (at < 0) return;
  throw new ShapeError(`${op}: ${name} expects 0 to ${count - 1}, got ${known[at]} at ${at}`);
}

function requireInts(op: string, name: string, value: Value): void {
  if (value.dtype !== 'i32') throw new DtypeError(`${op}: ${name} expects i32, got ${value.dtype}`);
  if (value.shape.length !== 1)
    throw new ShapeError(`${op}: ${name} expects [N], got ${shapeText(value.shape)}`);
}
