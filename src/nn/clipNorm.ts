import { requireList } from '../arguments.ts';
import { rootOfSquares } from '../autograd/root.ts';
import { gotText, ShapeError } from '../errors.ts';
import { add, div, minimum, shift, square } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';

/** Keeps the divisor from 0, as in PyTorch's clip_grad_norm_. */
const EPSILON = 1e-6;

/** The factor that scales all gradients together down to the norm `norm`; 1 if theirs is smaller. */
export function clipFactor(gradients: readonly Value[], norm: number, ...extra: never[]): Value {
  refuseExtra('clipFactor', extra);
  requireList('clipFactor', 'gradients', gradients);
  if (gradients.length === 0) throw new ShapeError('clipFactor: gradients expects at least one value');
  if (!(norm > 0)) throw new ShapeError(`clipFactor: norm expects more than 0, got ${gotText(norm)}`);
  const squares = gradients.map((gradient) => sum(square(gradient)));
  const total = squares.reduce((all, each) => add(all, each));
  return minimum(div(norm, shift(rootOfSquares(total), EPSILON)), 1);
}
