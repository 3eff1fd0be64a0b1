import { withVjp } from '../graph/ops/control.ts';
import { div, equal, maximum, scale, sqrt, where } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';

/**
 * Square root of a sum of squares (a norm or standard deviation), with derivative 0 at 0, as in PyTorch. Plain `sqrt`
 * has an infinite derivative there, which times the squares' 0 would be NaN.
 */
export function rootOfSquares(x: Value): Value {
  const root: Value = withVjp(sqrt(x), [x], (g) => [
    () => {
      const none = equal(root, 0);
      return where(none, 0, div(scale(g, 0.5), where(none, 1, root)));
    },
  ]);
  return root;
}

/** max(norm, floor) with a derivative of 1 below the floor too, as in PyTorch's cosine similarity. */
export const atLeast = (norm: Value, floor: number): Value =>
  withVjp(maximum(norm, floor), [norm], (g) => [() => g]);
