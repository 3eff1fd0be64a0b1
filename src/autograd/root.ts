import { withVjp } from '../graph/ops/control.ts';
import { div, equal, maximum, scale, sqrt, where } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';

/**
 * The square root of a sum of squares: a norm, a deviation. Its derivative at 0 is 0, as in PyTorch; that of `sqrt` is
 * infinite there, and times the squares' derivative of 0 it would be NaN.
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
