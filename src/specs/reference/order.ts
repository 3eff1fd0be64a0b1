import { product } from '../../shape.ts';
import type { Tensor64 } from './tensor64.ts';

/** Falling order, NaN above infinity, as PyTorch sorts. */
export const falling = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a === b ? 0 : b - a;
};

/** Places of the k largest, the highest first; of equal ones the earlier. */
export const largestPlaces = (row: ArrayLike<number>, k: number): number[] =>
  Array.from(row, (_, i) => i)
    .sort((a, b) => falling(row[a]!, row[b]!) || a - b)
    .slice(0, k);

/** The k largest, the highest first. */
export const largest = (row: ArrayLike<number>, k: number): number[] =>
  Array.from(row).sort(falling).slice(0, k);

/** x as rows of its last axis, or of all its axes from `axis` on. */
export function rowsOf({ shape, data }: Tensor64, axis = shape.length - 1): Float64Array[] {
  const width = product(shape.slice(axis));
  return Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
