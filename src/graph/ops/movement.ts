import { requireAnyNumber, requireCounts, requireList, requireOneOf } from '../../arguments.ts';
import { gotText, ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, requireShape, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const movementOps = {
  /** The same elements in the same order under another shape. */
  reshape: { view: true },
  permute: { attrs: attributes<{ readonly order: readonly number[] }>(), storesHalf: true },
  slice: {
    attrs: attributes<{ readonly starts: readonly number[]; readonly steps: readonly number[] }>(),
    storesHalf: true,
  },
  pad: {
    attrs: attributes<{
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly mode: PadMode;
      readonly value: number;
    }>(),
    storesHalf: true,
  },
  concat: { attrs: attributes<{ readonly axis: number }>(), storesHalf: true },
  flip: { attrs: attributes<{ readonly axes: readonly number[] }>(), storesHalf: true },
} as const satisfies OpTable;

/** x under another shape; one size may be -1 (whatever fits). */
export function reshape(x: Operand, shape: Shape, ...extra: never[]): Value {
  refuseExtra('reshape', extra);
  const value = asValue(x, 'reshape');
  requireList('reshape', 'shape', shape);
  const known = shape.filter((size) => size !== -1);
  requireShape('reshape', known);
  // With a size of 0 among the others, -1 is ambiguous.
  const left = known.length === shape.length ? 1 : product(value.shape) / product(known);
  const sizes = shape.map((size) => (size === -1 ? left : size));
  if (shape.length - known.length > 1 || !Number.isInteger(left) || product(sizes) !== product(value.shape)) {
    throw new ShapeError(
      `reshape: shape ${shapeText(shape)} does not hold the ${product(value.shape)} elements of ${shapeText(value.shape)}`,
    );
  }
  return shapesEqual(sizes, value.shape) ? value : makeValue('reshape', [value], {}, sizes, value.dtype);
}

/** Axes in another order: out axis i is x's axis order[i]. */
export function permute(x: Operand, order: readonly number[], ...extra: never[]): Value {
  refuseExtra('permute', extra);
  const value = asValue(x, 'permute');
  requireList('permute', 'order', order);
  const axes = order.map((axis) => normalizeAxis('permute', axis, value.shape.length));
  if (new Set(axes).size !== value.shape.length || axes.length !== value.shape.length) {
    throw new ShapeError(
      `permute: order expects each axis of ${shapeText(value.shape)} once, got ${shapeText(order)}`,
    );
  }
  if (axes.every((axis, i) => axis === i)) return value;
  const shape = axes.map((axis) => value.shape[axis]!);
  return makeValue('permute', [value], { order: axes }, shape, value.dtype);
}

export interface SliceRange {
  /** First index; default 0. Negative counts from the end. */
  start?: number;
  /** One past the last index; default the axis's size. Negative counts from the end. */
  end?: number;
  /** Default 1. */
  step?: number;
}

const SLICE_RANGE: OptionNames<SliceRange> = { start: true, end: true, step: true };

/** The part of x given by one range per axis (missing ones take all). */
export function slice(x: Operand, ranges: readonly (SliceRange | null)[], ...extra: never[]): Value {
  refuseExtra('slice', extra);
  const value = asValue(x, 'slice');
  requireList('slice', 'ranges', ranges);
  if (ranges.length > value.shape.length) {
    throw new ShapeError(`slice: ${ranges.length} ranges for ${shapeText(value.shape)}`);
  }
  const starts: number[] = [];
  const steps: number[] = [];
  const shape = value.shape.map((size, axis) => {
    const range = ranges[axis] ?? {};
    requireOptions('slice', range, SLICE_RANGE);
    const { start = 0, end = size, step = 1 } = range;
    const from = start < 0 ? start + size : start;
    const to = end < 0 ? end + size : end;
    const whole = [start, end, step].every(Number.isInteger);
    if (!whole || from < 0 || to > size || from > to || step < 1) {
      throw new ShapeError(
        `slice: axis ${axis} expects 0 <= start <= end <= ${size} and step >= 1, got ${[start, end, step].map(gotText).join(', ')}`,
      );
    }
    starts.push(from);
    steps.push(step);
    return Math.ceil((to - from) / step);
  });
  if (shapesEqual(shape, value.shape)) return value;
  return makeValue('slice', [value], { starts, steps }, shape, value.dtype);
}

/** The part of x from `start` on along `axis`, `size` long. */
export const part = (x: Value, axis: number, start: number, size: number): Value =>
  slice(
    x,
    x.shape.map((_, i) => (i === axis ? { start, end: start + size } : null)),
  );

const PAD_MODES = ['constant', 'symmetric', 'edge', 'reflect', 'wrap'] as const;
export type PadMode = (typeof PAD_MODES)[number];

export interface PadOptions {
  /**
   * `constant` (default) pads with `value`, `edge` repeats the edge (PyTorch's "replicate"), `symmetric` mirrors and repeats
   * it (SciPy's "reflect"), `reflect` mirrors without repeating it (PyTorch's), `wrap` goes on at the other end ("circular").
   */
  mode?: PadMode;
  /** Default 0; may be NaN or infinite. */
  value?: number;
}

const PAD_OPTIONS: OptionNames<PadOptions> = { mode: true, value: true };

/** x with `before[i]` and `after[i]` elements added along axis i. */
export function pad(
  x: Operand,
  before: readonly number[],
  after: readonly number[],
  options: PadOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('pad', extra);
  const source = asValue(x, 'pad');
  requireOptions('pad', options, PAD_OPTIONS);
  const { mode = 'constant', value = 0 } = options;
  requireOneOf('pad', 'mode', mode, PAD_MODES);
  requireAnyNumber('pad: value', value);
  requireCounts('pad', 'before', before, 0);
  requireCounts('pad', 'after', after, 0);
  const rank = source.shape.length;
  if (before.length !== rank || after.length !== rank) {
    throw new ShapeError(
      `pad: before and after expect ${rank} counts each for ${shapeText(source.shape)}, got ${before.length} and ${after.length}`,
    );
  }
  if (mode === 'edge' && source.shape.some((size, i) => size === 0 && before[i]! + after[i]! > 0)) {
    throw new ShapeError(`pad: x expects an edge to repeat, got ${shapeText(source.shape)}`);
  }
  const spare = mode === 'reflect' ? 1 : 0;
  const bounded = mode === 'symmetric' || mode === 'reflect' || mode === 'wrap';
  const most = (size: number): number => Math.max(0, size - spare);
  if (bounded && source.shape.some((size, i) => before[i]! > most(size) || after[i]! > most(size))) {
    throw new ShapeError(
      `pad: ${mode} padding expects at most the size of each axis of ${shapeText(source.shape)}${spare ? ' less 1' : ''}`,
    );
  }
  const shape = source.shape.map((size, i) => size + before[i]! + after[i]!);
  if (shapesEqual(shape, source.shape)) return source;
  return makeValue('pad', [source], { before, after, mode, value }, shape, source.dtype);
}

/** Values joined along `axis`; all other axes equal. */
export function concat(operands: readonly Operand[], axis = 0, ...extra: never[]): Value {
  refuseExtra('concat', extra);
  requireList('concat', 'operands', operands);
  const values = operands.map((operand) => asValue(operand, 'concat'));
  const first = values[0];
  if (!first) throw new ShapeError('concat: expects at least one value');
  const chosen = normalizeAxis('concat', axis, first.shape.length);
  for (const [i, value] of values.entries()) {
    const fits =
      value.shape.length === first.shape.length &&
      value.dtype === first.dtype &&
      value.shape.every((size, a) => a === chosen || size === first.shape[a]);
    if (!fits) {
      throw new ShapeError(
        `concat: value ${i} expects ${shapeText(first.shape)} ${first.dtype} except along axis ${chosen}, got ${shapeText(value.shape)} ${value.dtype}`,
      );
    }
  }
  if (values.length === 1) return first;
  const total = values.reduce((sum, value) => sum + value.shape[chosen]!, 0);
  const shape = first.shape.map((size, a) => (a === chosen ? total : size));
  return makeValue('concat', values, { axis: chosen }, shape, first.dtype);
}

/** x with the order of its elements reversed along `axes`; all of them by default. */
export function flip(x: Operand, axes?: readonly number[], ...extra: never[]): Value {
  refuseExtra('flip', extra);
  const value = asValue(x, 'flip');
  if (axes !== undefined) requireList('flip', 'axes', axes);
  const all = axes ?? value.shape.map((_, axis) => axis);
  const chosen = [...new Set(all.map((axis) => normalizeAxis('flip', axis, value.shape.length)))];
  const moving = chosen.filter((axis) => value.shape[axis]! > 1).sort((a, b) => a - b);
  return moving.length === 0 ? value : makeValue('flip', [value], { axes: moving }, value.shape, value.dtype);
}
