import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { stopGradient } from '../graph/ops/control.ts';
import { div, exp, log, sub } from '../graph/ops/pointwise.ts';
import { max, type ReduceOptions, sum } from '../graph/ops/reduce.ts';
import type { Operand, Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { normalizeAxis, shapeText } from '../shape.ts';

/** exp(x) over its sum along `axis`; the largest element is taken away first, so nothing overflows. */
export function softmax(x: Operand, axis = -1, ...extra: never[]): Value {
  refuseExtra('softmax', extra);
  const { lowered, over } = centred('softmax', x, axis);
  const powers = exp(lowered);
  return div(powers, sum(powers, over));
}

/** log of softmax along `axis`, without forming the quotient. */
export function logSoftmax(x: Operand, axis = -1, ...extra: never[]): Value {
  refuseExtra('logSoftmax', extra);
  const { lowered, over } = centred('logSoftmax', x, axis);
  return sub(lowered, log(sum(exp(lowered), over)));
}

/** The shift cancels, so no derivative flows through it. */
function centred(op: string, x: Operand, axis: number): { lowered: Value; over: ReduceOptions } {
  const value = floatOperand(op, 'x', x);
  const chosen = normalizeAxis(op, axis, value.shape.length);
  if (value.shape[chosen] === 0) {
    throw new ShapeError(`${op}: x expects elements along axis ${axis}, got ${shapeText(value.shape)}`);
  }
  const over = { axes: [chosen], keepDims: true };
  return { lowered: sub(value, stopGradient(max(value, over))), over };
}
