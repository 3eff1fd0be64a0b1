import { requireFlag, requireList } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, type Shape, shapeText } from '../../shape.ts';
import { floatOperand } from '../operands.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { bitwiseNot, isInteger } from './integers.ts';
import { reshape } from './movement.ts';
import { neg } from './pointwise.ts';

export const reduceOps = {
  /** Reduced axes stay with size 1; the result is times `factor`. */
  reduce: { attrs: attributes<ReduceAttrs>(), takesPrologue: true, readsHalf: true },
  /** Index (i32) of the first largest element; that axis stays with size 1. */
  argmax: {
    attrs: attributes<{ readonly axis: number }>(),
    readsHalf: true,
    nonDifferentiable: 'an index does not move with its values',
  },
} as const satisfies OpTable;

type ReduceAttrs = {
  readonly kind: 'sum' | 'prod' | 'max' | 'min';
  /** In order. */
  readonly axes: readonly number[];
  readonly factor: number;
  /** What yields the elements that are reduced, and their shape. */
  readonly prologue?: Program;
  readonly shape?: Shape;
};

export interface ReduceOptions {
  /** Axes to reduce, negative from the end; all of them by default. */
  axes?: readonly number[];
  /** Keep reduced axes with size 1; default false. */
  keepDims?: boolean;
}

export const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { axes: true, keepDims: true };

/** Sum over `axes`, a tree of fixed shape in float32; of integers it wraps around at 2^32. */
export function sum(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('sum', extra);
  return reduce('sum', 'sum', x, options);
}

/** Sum over `axes` divided by how many there are. */
export function mean(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('mean', extra);
  return reduce('mean', 'sum', x, options, (count) => 1 / count);
}

/** Product over `axes`, a tree of fixed shape in float32; of integers it wraps around at 2^32. Its derivative is right where elements are 0 too. */
export function prod(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('prod', extra);
  return reduce('prod', 'prod', x, options);
}

/** Largest over `axes`; equal ones share the derivative. */
export function max(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('max', extra);
  return reduce('max', 'max', x, options);
}

/** Smallest over `axes`; equal ones share the derivative. */
export function min(x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value {
  refuseExtra('min', extra);
  return reduce('min', 'min', x, options);
}

/**
 * What the functions above do. @param factor of the number of elements behind each result: the result is multiplied by it.
 * @throws ShapeError where nothing is reduced: it sums to 0 and multiplies to 1, but has no mean, maximum or minimum.
 */
export function reduce(
  name: string,
  kind: ReduceAttrs['kind'],
  x: Operand,
  options: ReduceOptions,
  factor?: (count: number) => number,
): Value {
  requireOptions(name, options, REDUCE_OPTIONS);
  const value = factor ? floatOperand(name, 'x', x) : asValue(x, name);
  const { keepDims = false } = options;
  requireFlag(name, 'keepDims', keepDims);
  const axes = axesOf(name, value, options);
  const count = product(axes.map((axis) => value.shape[axis]!));
  const defined = count > 0 || (kind === 'sum' && !factor) || kind === 'prod';
  if (!defined) {
    throw new ShapeError(`${name}: x expects at least one element to reduce, got ${shapeText(value.shape)}`);
  }
  const kept = value.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const dtype = isInteger(value) ? value.dtype : 'f32';
  const out = makeValue('reduce', [value], { kind, axes, factor: factor?.(count) ?? 1 }, kept, dtype);
  return keepDims ? out : dropAxes(out, axes);
}

/** The axes that are reduced, in order. */
export function axesOf(name: string, { shape }: Value, { axes }: ReduceOptions): number[] {
  if (axes !== undefined) requireList(name, 'axes', axes);
  const all = axes ?? shape.map((_, axis) => axis);
  return [...new Set(all.map((axis) => normalizeAxis(name, axis, shape.length)))].sort((a, b) => a - b);
}

function dropAxes(x: Value, axes: readonly number[]): Value {
  const rest = x.shape.filter((_, axis) => !axes.includes(axis));
  return reshape(x, rest);
}

/** Index (i32) of the largest element along `axis`, the first of equals; NaN is the largest. */
export function argmax(x: Operand, axis: number, keepDims = false, ...extra: never[]): Value {
  refuseExtra('argmax', extra);
  return place('argmax', x, axis, keepDims);
}

/** Index (i32) of the smallest element along `axis`, the first of equals; NaN is the smallest. */
export function argmin(x: Operand, axis: number, keepDims = false, ...extra: never[]): Value {
  refuseExtra('argmin', extra);
  return place('argmin', x, axis, keepDims);
}

function place(name: 'argmax' | 'argmin', x: Operand, axis: number, keepDims: boolean): Value {
  const value = asValue(x, name);
  requireFlag(name, 'keepDims', keepDims);
  const chosen = normalizeAxis(name, axis, value.shape.length);
  if (value.shape[chosen] === 0) {
    throw new ShapeError(
      `${name}: x expects at least one element along axis ${axis}, got ${shapeText(value.shape)}`,
    );
  }
  const kept = value.shape.map((size, i) => (i === chosen ? 1 : size));
  // Inverting all bits of an integer turns its order around; -x would not for the least one.
  const falling = (): Value => (isInteger(value) ? bitwiseNot(value) : neg(value));
  const ordered = name === 'argmax' ? value : falling();
  const out = makeValue('argmax', [ordered], { axis: chosen }, kept, 'i32');
  return keepDims ? out : dropAxes(out, [chosen]);
}
