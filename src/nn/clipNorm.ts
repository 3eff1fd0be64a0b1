import { requireList } from '../arguments.ts';
import type { Gradients } from '../autograd/reverse.ts';
import { rootOfSquares } from '../autograd/root.ts';
import { DtypeError, gotText, ShapeError } from '../errors.ts';
import { add, clamp, div, minimum, mul, shift, square } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { flattenTree, mapTree, type Tree } from '../graph/tree.ts';
import { isValue, type Value } from '../graph/value.ts';
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

/** All gradients of a tree scaled down together to the norm `norm`, where theirs is larger. */
export function clipByNorm<G>(gradients: G & Tree<Value>, norm: number, ...extra: never[]): Gradients<G> {
  refuseExtra('clipByNorm', extra);
  const leaves = flattenTree<Value>(gradients, isGradient('clipByNorm')).map(([, value]) => value);
  const factor = clipFactor(leaves, norm);
  return mapTree<Value, Value>(gradients, isGradient('clipByNorm'), (value) =>
    mul(value, factor),
  ) as Gradients<G>;
}

/** Every element of all gradients of a tree limited to [-limit, limit]. */
export function clipByValue<G>(gradients: G & Tree<Value>, limit: number, ...extra: never[]): Gradients<G> {
  refuseExtra('clipByValue', extra);
  if (!(limit > 0)) throw new ShapeError(`clipByValue: limit expects more than 0, got ${gotText(limit)}`);
  return mapTree<Value, Value>(gradients, isGradient('clipByValue'), (value) =>
    clamp(value, -limit, limit),
  ) as Gradients<G>;
}

/** @throws DtypeError for anything but a value, an array or an object. */
const isGradient =
  (op: string) =>
  (node: unknown): node is Value => {
    if (typeof node === 'object' && node !== null) return isValue(node);
    throw new DtypeError(
      `${op}: gradients expect values, or arrays and objects of values, got ${gotText(node)}`,
    );
  };
