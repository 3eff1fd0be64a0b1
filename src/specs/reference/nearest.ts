import type { Tensor64 } from './tensor64.ts';

/** For each row of x [M, C] the k nearest rows of bank [K, C]: squared distances and row numbers, both [M, k]. */
export function nearestRef(
  x: Tensor64,
  bank: Tensor64,
  k: number,
): { distances: Tensor64; indices: Tensor64 } {
  const columns = x.shape[1]!;
  const rowOf = (t: Tensor64, i: number): Float64Array => t.data.subarray(i * columns, (i + 1) * columns);
  const shape = [x.shape[0]!, k];
  const distances: number[] = [];
  const indices: number[] = [];
  for (let m = 0; m < x.shape[0]!; m++) {
    const own = rowOf(x, m);
    const all = Array.from({ length: bank.shape[0]! }, (_, row) => ({
      row,
      distance: rowOf(bank, row).reduce((sum, b, c) => sum + (own[c]! - b) ** 2, 0),
    }));
    // Distances that are NaN come last.
    const order = ({ distance }: { distance: number }): number => (Number.isNaN(distance) ? 1 : 0);
    const nearest = all
      .sort((a, b) => order(a) - order(b) || a.distance - b.distance || a.row - b.row)
      .slice(0, k);
    distances.push(...nearest.map(({ distance }) => distance));
    indices.push(...nearest.map(({ row }) => row));
  }
  return {
    distances: { shape, data: Float64Array.from(distances) },
    indices: { shape, data: Float64Array.from(indices) },
  };
}

/** k picks of the farthest row, one after another: at which distances, and which [k]. */
export function farthestRef(
  x: Tensor64,
  from: Tensor64,
  k: number,
): { distances: Tensor64; indices: Tensor64 } {
  const [rows, columns] = x.shape as [number, number];
  const left = [...from.data];
  const distances: number[] = [];
  const indices: number[] = [];
  for (let pick = 0; pick < k; pick++) {
    const row = left.indexOf(Math.max(...left));
    distances.push(left[row]!);
    indices.push(row);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += (x.data[i * columns + c]! - x.data[row * columns + c]!) ** 2;
      left[i] = Math.min(left[i]!, Math.sqrt(sum));
    }
  }
  return {
    distances: { shape: [k], data: Float64Array.from(distances) },
    indices: { shape: [k], data: Float64Array.from(indices) },
  };
}
