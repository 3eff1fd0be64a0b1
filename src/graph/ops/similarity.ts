import { ShapeError } from '../../errors.ts';
import { similarityKernels } from '../../kernels/similarity.ts';
import { refuseExtra } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { floatOperand, requireSameShape } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const similarityOps = {
  /** 1 - cos(a, b) along channels. a, b [N, C, ...S] -> [N, ...S]. */
  cosineMap: { averagesHalf: true },
  /** a.b, a.a and b.b of each row in one reading. a, b [N, L] -> [N, 3]. */
  rowDots: { averagesHalf: true },
} as const satisfies OpTable;

export { NORM_FLOOR } from '../../kernels/similarity.ts';

/** 1 - cosine similarity along axis 1: a, b [N, C, ...S] -> [N, ...S]. */
export function cosineMap(a: Operand, b: Operand, ...extra: never[]): Value {
  refuseExtra('cosineMap', extra);
  const [left, right] = sameShape('cosineMap', a, b);
  const [n, , ...space] = left.shape;
  return makeValue('cosineMap', [left, right], {}, [n!, ...space], 'f32', { kernels: similarityKernels });
}

/** For each row: a.b, a.a, b.b. a, b [N, L] -> [N, 3]. */
export function rowDots(a: Operand, b: Operand): Value {
  const [left, right] = sameShape('rowDots', a, b);
  if (left.shape.length !== 2)
    throw new ShapeError(`rowDots: a expects [N, L], got ${shapeText(left.shape)}`);
  return makeValue('rowDots', [left, right], {}, [left.shape[0]!, 3], 'f32', { kernels: similarityKernels });
}

function sameShape(op: string, a: Operand, b: Operand): [Value, Value] {
  const [left, right] = [floatOperand(op, 'a', a), floatOperand(op, 'b', b)];
  if (left.shape.length < 2) {
    throw new ShapeError(`${op}: a expects at least 2 axes, got ${shapeText(left.shape)}`);
  }
  requireSameShape(op, 'b', right, 'a', left);
  return [left, right];
}
