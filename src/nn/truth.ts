import { notEqual } from '../graph/ops/pointwise.ts';
import { max, min, REDUCE_OPTIONS, type ReduceOptions } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra, requireOptions } from '../options.ts';

/** 1 where any element over `axes` is not 0, else 0; NaN counts as true. */
export function any(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('any', extra);
  requireOptions('any', options, REDUCE_OPTIONS);
  return max(notEqual(asValue(x, 'any'), 0), options);
}

/** 1 where no element over `axes` is 0, else 0; NaN counts as true. */
export function all(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('all', extra);
  requireOptions('all', options, REDUCE_OPTIONS);
  return min(notEqual(asValue(x, 'all'), 0), options);
}
