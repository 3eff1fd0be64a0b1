import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, type Shape, shapeText } from '../../shape.ts';
import { requireFlag, requireList } from '../arguments.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import { stopGradient } from './control.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape, slice } from './movement.ts';
import { square, sub } from './pointwise.ts';
import { rootOfSquares } from './root.ts';

export type ReduceKind = 'sum' | 'max' | 'min';

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
  readonly kind: ReduceKind;
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

const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { axes: true, keepDims: true };

function reduce(
  name: string,
  kind: ReduceKind,
  x: Operand,
  options: ReduceOptions,
  factor?: (count: number) => number,
): Value {
  const value = asValue(x, name);
  requireFloat(name, { x: value });
  const { keepDims = false } = options;
  requireFlag(name, 'keepDims', keepDims);
  const chosen = axesOf(name, value, options);
  const count = product(chosen.map((axis) => value.shape[axis]!));
  // Nothing sums to 0; it has no mean, maximum or minimum.
  if (count === 0 && (kind !== 'sum' || factor)) {
    throw new ShapeError(`${name}: x expects at least one element to reduce, got ${shapeText(value.shape)}`);
  }
  const kept = value.shape.map((size, axis) => (chosen.includes(axis) ? 1 : size));
  const out = makeValue('reduce', [value], { kind, axes: chosen, factor: factor?.(count) ?? 1 }, kept);
  return keepDims ? out : dropAxes(out, chosen);
}

/** The axes that are reduced, in order. */
function axesOf(name: string, { shape }: Value, { axes }: ReduceOptions): number[] {
  if (axes !== undefined) requireList(name, 'axes', axes);
  const all = axes ?? shape.map((_, axis) => axis);
  return [...new Set(all.map((axis) => normalizeAxis(name, axis, shape.length)))].sort((a, b) => a - b);
}

const dropAxes = (x: Value, axes: readonly number[]): Value =>
  reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );

/** Sum over `axes`, a tree of fixed shape in float32. */
export const sum = (x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('sum', extra);
  requireOptions('sum', options, REDUCE_OPTIONS);
  return reduce('sum', 'sum', x, options);
};
/** Sum over `axes` divided by how many there are. */
export const mean = (x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('mean', extra);
  requireOptions('mean', options, REDUCE_OPTIONS);
  return reduce('mean', 'sum', x, options, (count) => 1 / count);
};
/** Largest over `axes`; equal ones share the derivative. */
export const max = (x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('max', extra);
  requireOptions('max', options, REDUCE_OPTIONS);
  return reduce('max', 'max', x, options);
};
/** Smallest over `axes`; equal ones share the derivative. */
export const min = (x: Operand, options: ReduceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('min', extra);
  requireOptions('min', options, REDUCE_OPTIONS);
  return reduce('min', 'min', x, options);
};

export interface VarianceOptions extends ReduceOptions {
  /** Divide by n - 1, as PyTorch does by default, so that one element has none; default true. False divides by n. */
  unbiased?: boolean;
}

const VARIANCE_OPTIONS: OptionNames<VarianceOptions> = { ...REDUCE_OPTIONS, unbiased: true };

/**
 * Mean of squared distances from the mean over `axes`, in two passes; the first measures from the first element, so that
 * equal values have a variance of exactly 0 and large offsets cost no digits.
 */
export const variance = (x: Operand, options: VarianceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('variance', extra);
  return spread('variance', x, options);
};

/** Standard deviation; see `variance`. Its derivative is 0 where it is 0. */
export const std = (x: Operand, options: VarianceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('std', extra);
  return rootOfSquares(spread('std', x, options));
};

function spread(name: string, x: Operand, options: VarianceOptions): Value {
  requireOptions(name, options, VARIANCE_OPTIONS);
  const { unbiased = true, ...rest } = options;
  requireFlag(name, 'unbiased', unbiased);
  const value = asValue(x, name);
  requireFloat(name, { x: value });
  const chosen = axesOf(name, value, rest);
  const first = slice(
    value,
    value.shape.map((size, axis) => (chosen.includes(axis) ? { end: Math.min(size, 1) } : null)),
  );
  const moved = sub(value, stopGradient(first));
  const centre = reduce(name, 'sum', moved, { axes: rest.axes, keepDims: true }, (count) => {
    if (unbiased && count === 1) {
      throw new ShapeError(
        `${name}: x expects at least two elements to vary, got one along the axes of ${shapeText(value.shape)}; unbiased: false takes one`,
      );
    }
    return 1 / count;
  });
  return reduce(name, 'sum', square(sub(moved, centre)), rest, (count) => 1 / (unbiased ? count - 1 : count));
}

/** Index (i32) of the largest element along `axis`, the first of equals. */
export function argmax(x: Operand, axis: number, keepDims = false, ...extra: never[]): Value {
  refuseExtra('argmax', extra);
  const value = asValue(x, 'argmax');
  requireFloat('argmax', { x: value });
  requireFlag('argmax', 'keepDims', keepDims);
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
