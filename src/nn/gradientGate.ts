import { withVjp } from '../graph/ops/control.ts';
import { where } from '../graph/ops/pointwise.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';

/**
 * x itself, whose derivative is 0 where `shut` is 1. `shut` (0 or 1) broadcasts to x's shape and gets no derivative.
 * Equals where(shut, stopGradient(x), x), without a pass over x on the way forward.
 */
export function gradientGate(x: Operand, shut: Operand): Value {
  const value = asValue(x, 'gradientGate');
  return withVjp(value, [value], (g) => [() => where(shut, 0, g)]);
}
