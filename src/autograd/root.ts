import { withVjp } from '../graph/ops/control.ts';
import { div, equal, maximum, scale, sqrt, where } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';

/**
 * The square root of a sum of squares: a norm, a deviation. Its derivative at 0 is 0 (PyTorch's choice for both), where that of
 * `sqrt` is infinite and makes NaN of the squares' zeros.
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

/** At least `floor`, and the derivative of the norm itself below it too: PyTorch's cosine similarity raises its norms so. */
export const atLeast = (norm: Value, floor: number): Value =>
  withVjp(maximum(norm, floor), [norm], (g) => [() => g]);
