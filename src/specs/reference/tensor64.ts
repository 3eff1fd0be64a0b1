import { product, type Shape, stridesOf } from '../../shape.ts';

/** A float64 tensor in plain arrays: what references compute on. Written for clarity, no tiling. */
export interface Tensor64 {
  readonly shape: Shape;
  readonly data: Float64Array;
  /** What each element's rounding error is measured against where it is a sum: see `roundingScale`. */
  readonly magnitude?: Float64Array;
}

/**
 * Rounding errors of a float32 sum of n terms grow like sqrt(n) u sum|term| (and like n only at worst), so the
 * sum of magnitudes is scaled by sqrt(n) / 2, and at least by 1.
 */
export const roundingScale = (sumOfMagnitudes: number, terms: number): number =>
  sumOfMagnitudes * Math.max(1, Math.sqrt(terms) / 2);

export const tensor64 = (shape: Shape, data: ArrayLike<number>, magnitude?: Float64Array): Tensor64 => ({
  shape,
  data: Float64Array.from(data),
  magnitude,
});

/** Calls `visit` with each index of `shape` in row-major order and its flat position. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const index = shape.map(() => 0);
  const total = product(shape);
  for (let flat = 0; flat < total; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** A tensor from a function of the index. */
export function build(shape: Shape, at: (index: readonly number[]) => number): Tensor64 {
  const data = new Float64Array(product(shape));
  forEachIndex(shape, (index, flat) => {
    data[flat] = at(index);
  });
  return { shape, data };
}

/** The element at `index` (of the tensor's own rank). */
export function at(x: Tensor64, index: readonly number[]): number {
  const strides = stridesOf(x.shape);
  return x.data[index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)]!;
}

/** The element that `index` of a larger broadcast shape reads. */
export function broadcastAt(x: Tensor64, index: readonly number[]): number {
  const lead = index.length - x.shape.length;
  return at(
    x,
    x.shape.map((size, axis) => (size === 1 ? 0 : index[axis + lead]!)),
  );
}
