import { requireCount } from '../../arguments.ts';
import { DtypeError, ShapeError } from '../../errors.ts';
import { indexKernels } from '../../kernels/indexing.ts';
import { refuseExtra } from '../../options.ts';
import { normalizeAxis, product, shapeText } from '../../shape.ts';
import type { Carrying } from '../carried.ts';
import { requireIndices } from '../operands.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape } from './movement.ts';

/**
 * How indices pick along an axis of x [outer, R, inner]: `each` has an index for every element of [outer, P, inner]; without
 * it [P] indices pick for all of outer and inner.
 */
export type Picking = { readonly axis: number; readonly each: boolean };

export const selectOps = {
  /** labels (i32) [N] -> [N, classes] of 0 and 1; a row of NaN for a label out of range. */
  oneHot: { nonDifferentiable: 'labels are integers' },
  /** Elements of x by index, see `Picking`; NaN (0 of integers) for an index out of range. */
  gather: { attrs: attributes<Picking>(), readsHalf: true },
  /** indices (i32) [..., K] into axes of these sizes -> [...]: the row-major place of each, -1 where one is out of range. */
  flatPlaces: {
    attrs: attributes<{ readonly sizes: readonly number[]; readonly groups: number }>(),
    nonDifferentiable: 'places are integers',
  },
} as const satisfies OpTable;

export const INDEX: { readonly kernels: typeof indexKernels } = { kernels: indexKernels };

/**
 * 1 at each label's place. labels (i32) [N] -> [N, classes].
 * @throws ShapeError for a constant label outside 0..classes-1; one that only the device knows gives a row of NaN.
 */
export function oneHot(labels: Operand, classes: number, ...extra: never[]): Value {
  refuseExtra('oneHot', extra);
  const value = indicesOf('oneHot', 'labels', labels);
  if (value.shape.length !== 1) {
    throw new ShapeError(`oneHot: labels expects [N], got ${shapeText(value.shape)}`);
  }
  requireCount('oneHot', 'classes', classes, 1);
  requireIndices('oneHot', 'labels', value, classes);
  return placesOf(value, classes, INDEX);
}

/** `oneHot` of checked labels. @param from here and below: has the kernels. */
export const placesOf = (labels: Value, classes: number, from: Carrying<'oneHot'>): Value =>
  makeValue('oneHot', [labels], {}, [labels.shape[0]!, classes], 'f32', from);

/**
 * Slices of x along `axis` by indices (i32) of any shape: x [...A, R, ...B], indices [...I] -> [...A, ...I, ...B]. With
 * axis 0 rows: an embedding. Its derivative sums, in order, the slices that an index took more than once.
 * @throws ShapeError for a constant index outside 0..R-1; one that only the device knows gives NaN, of integers 0.
 */
export function gather(x: Operand, indices: Operand, axis = 0, ...extra: never[]): Value {
  refuseExtra('gather', extra);
  const value = asValue(x, 'gather');
  const picks = indicesOf('gather', 'indices', indices);
  const chosen = pickedAxis('gather', value, axis);
  requireIndices('gather', 'indices', picks, value.shape[chosen]!);
  const flat = reshape(picks, [product(picks.shape)]);
  const taken = picked(value, flat, { axis: chosen, each: false }, INDEX);
  const shape = [...value.shape.slice(0, chosen), ...picks.shape, ...value.shape.slice(chosen + 1)];
  return reshape(taken, shape);
}

/**
 * Elements along `axis` (default the last) by indices (i32), one for each element of the result: of x [N, L] and indices
 * [N, K] with i = indices[n, k] it is x[n, i]. All other axes are as x has them.
 * @throws ShapeError for a constant index outside 0..L-1; one that only the device knows gives NaN, of integers 0.
 */
export function takeAlongAxis(x: Operand, indices: Operand, axis = -1, ...extra: never[]): Value {
  refuseExtra('takeAlongAxis', extra);
  const value = asValue(x, 'takeAlongAxis');
  const picks = indicesOf('takeAlongAxis', 'indices', indices);
  const chosen = pickedAxis('takeAlongAxis', value, axis);
  requireAlong('takeAlongAxis', 'indices', picks, value, chosen);
  requireIndices('takeAlongAxis', 'indices', picks, value.shape[chosen]!);
  return picked(value, picks, { axis: chosen, each: true }, INDEX);
}

/**
 * Parts of x by indices (i32) into its first axes, several at once: x [...S, ...T], indices [...I, K] with K the number of
 * axes of S -> [...I, ...T]. With `batchAxes` x and indices share so many leading axes, which stand before S and I.
 * An index out of range gives NaN, of integers 0.
 */
export function gatherNd(x: Operand, indices: Operand, batchAxes = 0, ...extra: never[]): Value {
  refuseExtra('gatherNd', extra);
  const value = asValue(x, 'gatherNd');
  const picks = indicesOf('gatherNd', 'indices', indices);
  const { flat, rows, inner } = flatPlaces('gatherNd', value, picks, batchAxes);
  const taken = picked(reshape(value, [rows, product(inner)]), flat, { axis: 0, each: false }, INDEX);
  return reshape(taken, [...picks.shape.slice(0, -1), ...inner]);
}

/** Indices into several axes as rows of x seen as [rows, ...inner]. */
export function flatPlaces(
  op: string,
  x: Value,
  indices: Value,
  batchAxes = 0,
): { flat: Value; rows: number; inner: readonly number[] } {
  requireCount(op, 'batchAxes', batchAxes, 0);
  const depth = indices.shape.at(-1);
  const batch = x.shape.slice(0, batchAxes);
  const shared = shapeText(indices.shape.slice(0, batchAxes)) === shapeText(batch);
  if (
    depth === undefined ||
    indices.shape.length <= batchAxes ||
    depth > x.shape.length - batchAxes ||
    !shared
  ) {
    const leading = batchAxes === 0 ? '' : `${batch.join(', ')}, `;
    throw new ShapeError(
      `${op}: indices expects [${leading}..., K] with K at most ${Math.max(0, x.shape.length - batchAxes)}, got ${shapeText(indices.shape)} for ${shapeText(x.shape)}`,
    );
  }
  const sizes = x.shape.slice(batchAxes, batchAxes + depth);
  const inner = x.shape.slice(batchAxes + depth);
  const count = product(indices.shape.slice(0, -1));
  const rows = product(batch) * product(sizes);
  if (rows === 0 && count > 0)
    throw new ShapeError(`${op}: x expects elements to take, got ${shapeText(x.shape)}`);
  const each = reshape(indices, [count, depth]);
  const flat = makeValue('flatPlaces', [each], { sizes, groups: product(batch) }, [count], 'i32', INDEX);
  return { flat, rows, inner };
}

/** `gather` of checked operands; integers stay what they are, floats become f32. */
export function picked(x: Value, indices: Value, { axis, each }: Picking, from: Carrying<'gather'>): Value {
  const shape = each ? indices.shape : x.shape.with(axis, indices.shape[0]!);
  return makeValue('gather', [x, indices], { axis, each }, shape, x.dtype === 'f16' ? 'f32' : x.dtype, from);
}

/** @throws DtypeError unless it is i32. */
export function indicesOf(op: string, name: string, operand: Operand): Value {
  const value = asValue(operand, op);
  if (value.dtype === 'i32') return value;
  throw new DtypeError(`${op}: ${name} expects i32, got ${value.dtype}`);
}

function pickedAxis(op: string, { shape }: Value, axis: number): number {
  const chosen = normalizeAxis(op, axis, shape.length);
  if (shape[chosen] !== 0) return chosen;
  throw new ShapeError(`${op}: x expects at least one element along axis ${axis}, got ${shapeText(shape)}`);
}

/** @throws ShapeError unless `value` has x's sizes but along `axis`. */
export function requireAlong(op: string, name: string, value: Value, x: Value, axis: number): void {
  const { shape } = value;
  if (shape.length === x.shape.length && shape.every((size, i) => i === axis || size === x.shape[i])) return;
  const expected = x.shape.map((size, i) => (i === axis ? 'any' : size)).join(', ');
  throw new ShapeError(`${op}: ${name} expects [${expected}], got ${shapeText(shape)}`);
}
