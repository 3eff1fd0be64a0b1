import { gotText, ShapeError } from '../../errors.ts';
import { ELEMENT_BYTES } from '../../kernels/kernel.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, requireShape, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { requireAnyNumber, requireCounts, requireList, requireOneOf } from '../arguments.ts';
import { asValue, type Dtype, isOp, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const movementOps = {
  /** The same elements in the same order under another shape. */
  reshape: { view: true },
  /** A part of a flat value under a shape of its own, from `offset` on (elements, a multiple of 256 bytes). */
  slabView: { attrs: attributes<{ readonly offset: number }>(), view: true },
  /** Flat concatenation at aligned offsets; its inputs are computed in place. */
  pack: { attrs: attributes<{ readonly offsets: readonly number[] }>(), placesInputs: true },
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
  /** The transpose of pad by repetition: dy -> dx. */
  padGrad: {
    attrs: attributes<{ readonly before: readonly number[]; readonly mode: 'symmetric' | 'edge' }>(),
  },
  concat: { attrs: attributes<{ readonly axis: number }>(), storesHalf: true },
} as const satisfies OpTable;

/** Bindings start at multiples of 256 bytes: so many elements. */
const slabAlign = (dtype: Dtype): number => 256 / ELEMENT_BYTES[dtype];

/** x under another shape; one size may be -1 (whatever fits). */
export function reshape(x: Operand, shape: Shape, ...extra: never[]): Value {
  refuseExtra('reshape', extra);
  const value = asValue(x, 'reshape');
  requireList('reshape', 'shape', shape);
  const known = shape.filter((size) => size !== -1);
  requireShape('reshape', known);
  // Beside a size of 0 anything fits, so -1 says nothing.
  const left = known.length === shape.length ? 1 : product(value.shape) / product(known);
  const sizes = shape.map((size) => (size === -1 ? left : size));
  if (shape.length - known.length > 1 || !Number.isInteger(left) || product(sizes) !== product(value.shape)) {
    throw new ShapeError(
      `reshape: shape ${shapeText(shape)} does not hold the ${product(value.shape)} elements of ${shapeText(value.shape)}`,
    );
  }
  return shapesEqual(sizes, value.shape) ? value : makeValue('reshape', [value], {}, sizes, value.dtype);
}

/** All of x but its first axis as one axis: [N, ...] -> [N, product]. */
export const flatten = (x: Operand, ...extra: never[]): Value => {
  refuseExtra('flatten', extra);
  const value = asValue(x, 'flatten');
  return reshape(value, [value.shape[0] ?? 1, product(value.shape.slice(1))]);
};

/** A part of a flat `slab`, as parameters live side by side in one buffer. */
export function slabView(slab: Value, offset: number, shape: Shape): Value {
  const align = slabAlign(slab.dtype);
  if (offset % align !== 0 || offset + product(shape) > product(slab.shape)) {
    throw new ShapeError(
      `slabView: ${shapeText(shape)} at ${offset} does not fit ${shapeText(slab.shape)} at multiples of ${align}`,
    );
  }
  return makeValue('slabView', [slab], { offset }, shape, slab.dtype);
}

/** Where each of `sizes` starts in a slab, and the slab's length. */
export function slabOffsets(
  sizes: readonly number[],
  dtype: Dtype = 'f32',
): { offsets: number[]; length: number } {
  const align = slabAlign(dtype);
  let length = 0;
  const offsets = sizes.map((size) => {
    const offset = length;
    length += Math.ceil(size / align) * align;
    return offset;
  });
  return { offsets, length };
}

/**
 * Values side by side in one flat slab, at the offsets of `slabOffsets`; what lies between them is undefined. Views that
 * are together a whole flat value, as an op with two results yields it, are placed as that.
 */
export function pack(parts: readonly Value[]): Value {
  const values = wholes(parts);
  const { offsets, length } = slabOffsets(values.map((value) => product(value.shape)));
  return makeValue('pack', values, { offsets }, [length]);
}

function wholes(parts: readonly Value[]): Value[] {
  const values: Value[] = [];
  for (let i = 0; i < parts.length; ) {
    const slab = parts[i]!.inputs[0];
    const end = parts.findIndex((part, k) => k >= i && (part.op !== 'slabView' || part.inputs[0] !== slab));
    const views = parts.slice(i, end < 0 ? parts.length : end);
    const { offsets, length } = slabOffsets(views.map((view) => product(view.shape)));
    const together =
      slab !== undefined &&
      views.length > 1 &&
      views.every((view, k) => isOp(view, 'slabView') && view.attrs.offset === offsets[k]) &&
      product(slab.shape) === length;
    if (together) {
      values.push(slab);
      i += views.length;
    } else values.push(parts[i++]!);
  }
  return values;
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
  return makeValue(
    'permute',
    [value],
    { order: axes },
    axes.map((axis) => value.shape[axis]!),
    value.dtype,
  );
}

/** Two axes exchanged; the last two by default. */
export function transpose(x: Operand, a = -2, b = -1, ...extra: never[]): Value {
  refuseExtra('transpose', extra);
  const value = asValue(x, 'transpose');
  const order = value.shape.map((_, axis) => axis);
  const first = normalizeAxis('transpose', a, order.length);
  const second = normalizeAxis('transpose', b, order.length);
  order[first] = second;
  order[second] = first;
  return permute(value, order);
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

/** x in parts of the given sizes along `axis`. */
export function split(x: Operand, sizes: readonly number[], axis = 0, ...extra: never[]): Value[] {
  refuseExtra('split', extra);
  const value = asValue(x, 'split');
  requireCounts('split', 'sizes', sizes, 0);
  const chosen = normalizeAxis('split', axis, value.shape.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== value.shape[chosen]) {
    throw new ShapeError(`split: sizes expect to sum to ${value.shape[chosen]}, got ${total}`);
  }
  let start = 0;
  return sizes.map((size) => {
    const ranges = value.shape.map((_, i) => (i === chosen ? { start, end: start + size } : null));
    start += size;
    return slice(value, ranges);
  });
}

const PAD_MODES = ['constant', 'symmetric', 'edge'] as const;
export type PadMode = (typeof PAD_MODES)[number];

export interface PadOptions {
  /** `constant` (default) pads with `value`, `symmetric` mirrors and repeats the edge (SciPy's "reflect"), `edge` repeats it. */
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
  if (mode === 'symmetric' && source.shape.some((size, i) => before[i]! > size || after[i]! > size)) {
    throw new ShapeError(
      `pad: symmetric padding expects at most the size of each axis of ${shapeText(source.shape)}`,
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
