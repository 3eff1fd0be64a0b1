import { gotText, ShapeError } from './errors.ts';

/** Sizes of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** 0 to `count` - 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export const product = (sizes: Shape): number => sizes.reduce((total, size) => total * size, 1);

export const shapesEqual = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`;

/** @throws ShapeError unless `shape` is a list of whole sizes of at least 0. @param where what it is the shape of. */
export function requireShape(where: string, shape: Shape): void {
  if (Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return;
  throw new ShapeError(`${where}: shape expects a list of whole sizes of at least 0, got ${gotText(shape)}`);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/**
 * The shape both operands broadcast to (NumPy rules: align at the right, 1 stretches).
 * @throws ShapeError naming `op` and both shapes.
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - (rank - a.length)] ?? 1;
    const y = b[axis - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast: axis ${axis - rank} is ${x} and ${y}`,
      );
    }
    out[axis] = x === 1 ? y : x;
  }
  return out;
}

/** A possibly negative axis as 0..rank-1. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && resolved >= 0 && resolved < rank) return resolved;
  const expected = rank === 0 ? 'no axis of a scalar' : `an integer in [${-rank}, ${rank - 1}]`;
  throw new ShapeError(`${op}: axis expects ${expected}, got ${gotText(axis)}`);
}
