import { requireCounts, requireList } from '../arguments.ts';
import { gotText, ShapeError } from '../errors.ts';
import { concat, part, permute, reshape } from '../graph/ops/movement.ts';
import { broadcastTo, greaterEqual, where } from '../graph/ops/pointwise.ts';
import { asValue, constant, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { normalizeAxis, product, type Shape, shapeText } from '../shape.ts';

/** All of x but its first axis as one axis: [N, ...] -> [N, product]. */
export const flatten = (x: Operand, ...extra: never[]): Value => {
  refuseExtra('flatten', extra);
  const value = asValue(x, 'flatten');
  return reshape(value, [value.shape[0] ?? 1, product(value.shape.slice(1))]);
};

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
    start += size;
    return part(value, chosen, start - size, size);
  });
}

/** x without its axes of size 1: those of `axes`, or all there are. */
export function squeeze(x: Operand, axes?: readonly number[], ...extra: never[]): Value {
  refuseExtra('squeeze', extra);
  const value = asValue(x, 'squeeze');
  const { shape } = value;
  if (axes !== undefined) requireList('squeeze', 'axes', axes);
  const chosen = axes?.map((axis) => normalizeAxis('squeeze', axis, shape.length));
  const wide = chosen?.find((axis) => shape[axis] !== 1);
  if (wide !== undefined) {
    throw new ShapeError(`squeeze: axis ${wide} of ${shapeText(shape)} expects size 1, got ${shape[wide]}`);
  }
  const kept = shape.filter((size, axis) => (chosen ? !chosen.includes(axis) : size !== 1));
  return reshape(value, kept);
}

/** x with an axis of size 1 at each of `axes`, which count in the result. */
export function unsqueeze(x: Operand, axes: readonly number[], ...extra: never[]): Value {
  refuseExtra('unsqueeze', extra);
  const value = asValue(x, 'unsqueeze');
  requireList('unsqueeze', 'axes', axes);
  const rank = value.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis('unsqueeze', axis, rank)));
  if (added.size !== axes.length) {
    throw new ShapeError(`unsqueeze: axes expects each axis once, got ${gotText(axes)}`);
  }
  const sizes = [...value.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : sizes.shift()!));
  return reshape(value, shape);
}

/** Values of one shape side by side along a new axis: n of [...S] -> [..., n, ...] with n at `axis`. */
export function stack(operands: readonly Operand[], axis = 0, ...extra: never[]): Value {
  refuseExtra('stack', extra);
  requireList('stack', 'operands', operands);
  const values = operands.map((operand) => asValue(operand, 'stack'));
  const [first] = values;
  if (!first) throw new ShapeError('stack: expects at least one value');
  const other = values.findIndex(({ shape }) => shapeText(shape) !== shapeText(first.shape));
  if (other >= 0) {
    throw new ShapeError(
      `stack: value ${other} expects ${shapeText(first.shape)}, got ${shapeText(values[other]!.shape)}`,
    );
  }
  const chosen = normalizeAxis('stack', axis, first.shape.length + 1);
  return concat(
    values.map((value) => unsqueeze(value, [chosen])),
    chosen,
  );
}

/** x moved by `shift` places along `axis`; what leaves at one end comes in at the other. */
export function roll(x: Operand, shift: number, axis: number, ...extra: never[]): Value {
  refuseExtra('roll', extra);
  const value = asValue(x, 'roll');
  const chosen = normalizeAxis('roll', axis, value.shape.length);
  if (!Number.isSafeInteger(shift)) {
    throw new ShapeError(`roll: shift expects a whole number, got ${gotText(shift)}`);
  }
  const size = value.shape[chosen]!;
  const moved = size === 0 ? 0 : ((shift % size) + size) % size;
  if (moved === 0) return value;
  return concat([part(value, chosen, size - moved, moved), part(value, chosen, 0, size - moved)], chosen);
}

/** x `repeats[i]` times along axis i. */
export function tile(x: Operand, repeats: readonly number[], ...extra: never[]): Value {
  refuseExtra('tile', extra);
  const value = asValue(x, 'tile');
  requireCounts('tile', 'repeats', repeats, 0);
  if (repeats.length !== value.shape.length) {
    throw new ShapeError(
      `tile: repeats expects ${value.shape.length} counts for ${shapeText(value.shape)}, got ${gotText(repeats)}`,
    );
  }
  const apart = value.shape.flatMap((size) => [1, size]);
  const repeated = value.shape.flatMap((size, axis) => [repeats[axis]!, size]);
  const shape = value.shape.map((size, axis) => size * repeats[axis]!);
  return reshape(broadcastTo(reshape(value, apart), repeated), shape);
}

/** The last two axes' lower triangle: 0 right of diagonal `diagonal` (0 the main one, positive ones above it). */
export function tril(x: Operand, diagonal = 0, ...extra: never[]): Value {
  refuseExtra('tril', extra);
  return triangle('tril', x, diagonal);
}

/** The last two axes' upper triangle: 0 left of diagonal `diagonal` (0 the main one, positive ones above it). */
export function triu(x: Operand, diagonal = 0, ...extra: never[]): Value {
  refuseExtra('triu', extra);
  return triangle('triu', x, diagonal);
}

function triangle(op: 'tril' | 'triu', x: Operand, diagonal: number): Value {
  const value = asValue(x, op);
  const [rows, columns] = value.shape.slice(-2) as [number, number];
  if (value.shape.length < 2)
    throw new ShapeError(`${op}: x expects [..., R, C], got ${shapeText(value.shape)}`);
  if (!Number.isSafeInteger(diagonal)) {
    throw new ShapeError(`${op}: diagonal expects a whole number, got ${gotText(diagonal)}`);
  }
  const places = (count: number, shape: Shape, from: number): Value =>
    constant(
      Float32Array.from({ length: count }, (_, i) => i + from),
      shape,
    );
  const row = places(rows, [rows, 1], diagonal);
  const column = places(columns, [1, columns], 0);
  const inside = op === 'tril' ? greaterEqual(row, column) : greaterEqual(column, row);
  return where(inside, value, 0);
}
