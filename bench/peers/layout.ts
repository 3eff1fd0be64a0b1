import { product, type Shape } from '../../src/shape.ts';

/** Axes in a new order: axis i of the result is axis `order[i]` of `data`, as in NumPy's transpose. */
export function permute(data: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const sides = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  const at = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      at[axis]! += 1;
      from += steps[axis]!;
      if (at[axis]! < sides[axis]!) break;
      from -= sides[axis]! * steps[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}
