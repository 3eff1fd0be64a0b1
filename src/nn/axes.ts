import { requireCounts } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { part, permute, reshape } from '../graph/ops/movement.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { normalizeAxis, product } from '../shape.ts';

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
