import { DtypeError, ShapeError } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { requireCount } from '../arguments.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const selectOps = {
  /** labels (i32) [N] -> [N, classes] of 0 and 1. */
  oneHot: { nonDifferentiable: 'labels are integers' },
  /** Rows of x by index: x [R, ...S], indices (i32) [N] -> [N, ...S]. */
  gather: { readsHalf: true },
  /** The transpose of gather: dy [N, ...S], indices [N] -> [R, ...S], rows that share an index summed in order. */
  gatherGrad: { nonDifferentiable: 'second derivatives of gather are not implemented' },
} as const satisfies OpTable;

/** 1 at each label's place. labels (i32) [N] -> [N, classes]; a label outside 0..classes-1 gives a row of zeros. */
export function oneHot(labels: Operand, classes: number, ...extra: never[]): Value {
  refuseExtra('oneHot', extra);
  const value = asValue(labels, 'oneHot');
  requireInts('oneHot', 'labels', value);
  requireCount('oneHot', 'classes', classes, 1);
  return makeValue('oneHot', [value], {}, [value.shape[0]!, classes]);
}

/** Rows of x [R, ...S] by indices (i32) [N] -> [N, ...S]. Indices are clamped to 0..R-1. */
export function gather(x: Operand, indices: Operand, ...extra: never[]): Value {
  refuseExtra('gather', extra);
  const value = asValue(x, 'gather');
  const rows = asValue(indices, 'gather');
  requireFloat('gather', { x: value });
  requireInts('gather', 'indices', rows);
  if (value.shape.length < 1 || value.shape[0]! < 1) {
    throw new ShapeError(`gather: x expects at least one row, got ${shapeText(value.shape)}`);
  }
  return makeValue('gather', [value, rows], {}, [rows.shape[0]!, ...value.shape.slice(1)]);
}

function requireInts(op: string, name: string, value: Value): void {
  if (value.dtype !== 'i32') throw new DtypeError(`${op}: ${name} expects i32, got ${value.dtype}`);
  if (value.shape.length !== 1)
    throw new ShapeError(`${op}: ${name} expects [N], got ${shapeText(value.shape)}`);
}
