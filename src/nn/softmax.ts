import { stopGradient } from '../graph/ops/control.ts';
import { div, exp, log, sub } from '../graph/ops/pointwise.ts';
import { max, sum } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';

/** exp(x) over its sum along `axis`; the largest element is taken away first, so nothing overflows. */
export function softmax(x: Operand, axis = -1): Value {
  const powers = exp(centred(x, axis));
  return div(powers, sum(powers, { axes: [axis], keepDims: true }));
}

/** log of softmax along `axis`, without forming the quotient. */
export function logSoftmax(x: Operand, axis = -1): Value {
  const lowered = centred(x, axis);
  return sub(lowered, log(sum(exp(lowered), { axes: [axis], keepDims: true })));
}

/** The shift cancels, so no derivative flows through it. */
function centred(x: Operand, axis: number): Value {
  const value = asValue(x);
  return sub(value, stopGradient(max(value, { axes: [axis], keepDims: true })));
}
