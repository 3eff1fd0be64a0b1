import { ShapeError } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { shapesEqual, shapeText } from '../../shape.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const similarityOps = {
  /** 1 - cos(a, b) along channels. a, b [N, C, ...S] -> [N, ...S]. */
  cosineMap: { averagesHalf: true },
  /** a.b, a.a and b.b of each row in one reading. a, b [N, L] -> [N, 3]. */
  rowDots: {},
} as const satisfies OpTable;

/** Norms in a cosine are at least this (methods.md, "cosine similarity"). */
export const NORM_FLOOR = 1e-8;

/** 1 - cosine similarity along axis 1: a, b [N, C, ...S] -> [N, ...S]. */
export function cosineMap(a: Operand, b: Operand, ...extra: never[]): Value {
  refuseExtra('cosineMap', extra);
  const [left, right] = sameShape('cosineMap', a, b, 2);
  const [n, , ...space] = left.shape;
  return makeValue('cosineMap', [left, right], {}, [n!, ...space]);
}

/** For each row: a.b, a.a, b.b. a, b [N, L] -> [N, 3]. */
export function rowDots(a: Operand, b: Operand): Value {
  const [left, right] = sameShape('rowDots', a, b, 2);
  requireFloat('rowDots', { a: left, b: right }, ['f32']);
  if (left.shape.length !== 2)
    throw new ShapeError(`rowDots: a expects [N, L], got ${shapeText(left.shape)}`);
  return makeValue('rowDots', [left, right], {}, [left.shape[0]!, 3]);
}

function sameShape(op: string, a: Operand, b: Operand, minRank: number): [Value, Value] {
  const left = asValue(a, op);
  const right = asValue(b, op);
  requireFloat(op, { a: left, b: right });
  if (left.shape.length < minRank) {
    throw new ShapeError(`${op}: a expects at least ${minRank} axes, got ${shapeText(left.shape)}`);
  }
  if (!shapesEqual(left.shape, right.shape)) {
    throw new ShapeError(
      `${op}: b expects ${shapeText(left.shape)} (the shape of a), got ${shapeText(right.shape)}`,
    );
  }
  return [left, right];
}
