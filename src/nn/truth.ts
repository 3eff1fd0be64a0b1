import { floatOperand } from '../graph/operands.ts';
import { notEqual } from '../graph/ops/pointwise.ts';
import { max, min, REDUCE_OPTIONS, type ReduceOptions } from '../graph/ops/reduce.ts';
import type { Operand, Value } from '../graph/value.ts';
import { refuseExtra, requireOptions } from '../options.ts';

/** 1 where any element over `axes` is not 0, else 0; NaN counts as true. */
export function any(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('any', extra);
  requireOptions('any', options, REDUCE_OPTIONS);
  return max(notEqual(floatOperand('any', 'x', x), 0), options);
}

/** 1 where no element over `axes` is 0, else 0; NaN counts as true. */
export function all(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('all', extra);
  requireOptions('all', options, REDUCE_OPTIONS);
  return min(notEqual(floatOperand('all', 'x', x), 0), options);
}
