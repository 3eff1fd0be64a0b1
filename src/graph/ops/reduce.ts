import { ShapeError } from '../../errors.ts';
import { normalizeAxis, product, type Shape, shapeText } from '../../shape.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';
import { reshape } from './movement.ts';
import { sqrt, square, sub } from './pointwise.ts';

export type ReduceKind = 'sum' | 'max' | 'min';

export const reduceOps = {
  /** attrs: kind, axes (sorted), prologue?, factor. Reduced axes stay with size 1; the result is times factor. */
  reduce: { takesPrologue: true, readsHalf: true },
  /** attrs: axis. Index (i32) of the first largest element; that axis stays with size 1. */
  argmax: { readsHalf: true, nonDifferentiable: 'an index does not move with its values' },
} as const satisfies OpTable;

export interface ReduceOptions {
  /** Axes to reduce, negative from the end; all of them by default. */
  axes?: readonly number[];
  /** Keep reduced axes with size 1; default false. */
  keepDims?: boolean;
}

function reduce(
  name: string,
  kind: ReduceKind,
  x: Operand,
  { axes, keepDims = false }: ReduceOptions,
  factor: (count: number) => number = () => 1,
): Value {
  const value = asValue(x);
  requireFloat(name, { x: value });
  const chosen = [
    ...new Set(
      (axes ?? value.shape.map((_, axis) => axis)).map((a) => normalizeAxis(name, a, value.shape.length)),
    ),
  ].sort((a, b) => a - b);
  const count = product(chosen.map((axis) => value.shape[axis]!));
  if (count === 0 && kind !== 'sum') {
    throw new ShapeError(`${name}: x expects at least one element to reduce, got ${shapeText(value.shape)}`);
  }
  const kept = value.shape.map((size, axis) => (chosen.includes(axis) ? 1 : size));
  const out = makeValue('reduce', [value], { kind, axes: chosen, factor: factor(count) }, kept);
  return keepDims ? out : dropAxes(out, chosen);
}

const dropAxes = (x: Value, axes: readonly number[]): Value =>
  reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );

/** Sum over `axes`, a tree of fixed shape in float32. */
export const sum = (x: Operand, options: ReduceOptions = {}): Value => reduce('sum', 'sum', x, options);
export const mean = (x: Operand, options: ReduceOptions = {}): Value =>
  reduce('mean', 'sum', x, options, (count) => 1 / count);
export const max = (x: Operand, options: ReduceOptions = {}): Value => reduce('max', 'max', x, options);
export const min = (x: Operand, options: ReduceOptions = {}): Value => reduce('min', 'min', x, options);

/** Mean of squared distances from the mean, two passes; `unbiased` divides by n - 1 (default true, as PyTorch). */
export function variance(x: Operand, options: ReduceOptions & { unbiased?: boolean } = {}): Value {
  const value = asValue(x);
  const { unbiased = true, ...rest } = options;
  const centred = sub(value, mean(value, { axes: rest.axes, keepDims: true }));
  return reduce(
    'variance',
    'sum',
    square(centred),
    rest,
    (count) => 1 / Math.max(0, count - (unbiased ? 1 : 0)),
  );
}

/** Standard deviation; see `variance`. */
export const std = (x: Operand, options: ReduceOptions & { unbiased?: boolean } = {}): Value =>
  sqrt(variance(x, options));

/** Index (i32) of the largest element along `axis`, the first of equals. */
export function argmax(x: Operand, axis: number, keepDims = false): Value {
  const value = asValue(x);
  requireFloat('argmax', { x: value });
  const chosen = normalizeAxis('argmax', axis, value.shape.length);
  if (value.shape[chosen] === 0) {
    throw new ShapeError(
      `argmax: x expects at least one element along axis ${axis}, got ${shapeText(value.shape)}`,
    );
  }
  const kept = value.shape.map((size, i) => (i === chosen ? 1 : size));
  const out = makeValue('argmax', [value], { axis: chosen }, kept, 'i32');
  return keepDims ? out : dropAxes(out, [chosen]);
}

/** Sums `x` back to `shape`, which broadcasts to x's: the derivative of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  const lead = x.shape.length - shape.length;
  const chosen = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1));
  const summed = chosen.length === 0 ? x : sum(x, { axes: chosen, keepDims: true });
  return reshape(summed, shape);
}
