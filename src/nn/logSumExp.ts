import { floatOperand } from '../graph/operands.ts';
import { stopGradient } from '../graph/ops/control.ts';
import { reshape } from '../graph/ops/movement.ts';
import { abs, add, exp, less, log, sub, where } from '../graph/ops/pointwise.ts';
import { max, REDUCE_OPTIONS, type ReduceOptions, sum } from '../graph/ops/reduce.ts';
import type { Operand, Value } from '../graph/value.ts';
import { refuseExtra, requireOptions } from '../options.ts';

/** Log of the sum of e^x over `axes`; the largest element is taken away first, so nothing overflows. */
export function logSumExp(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('logSumExp', extra);
  requireOptions('logSumExp', options, REDUCE_OPTIONS);
  const value = floatOperand('logSumExp', 'x', x);
  const largest = stopGradient(max(value, { ...options, keepDims: true }));
  // infinity - infinity would be NaN: without a finite largest element nothing is taken away.
  const level = where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0);
  const total = sum(exp(sub(value, level)), options);
  return add(log(total), reshape(level, total.shape));
}
