import { NotFiniteError, shown } from '../errors.ts';
import { product } from '../shape.ts';
import type { SlabLayout } from './slab.ts';

/** @throws NotFiniteError naming the tensor `name` of `where`, and how many of its values are NaN or infinite. */
export function refuseNonFinite(where: string, name: string, data: Float32Array): void {
  const bad = countNonFinite(data, 0, data.length);
  if (bad === 0) return;
  throw new NotFiniteError(
    `${where}: ${shown(name)} holds ${bad} of ${data.length} values that are NaN or infinite`,
  );
}

/** As `refuseNonFinite` for a slab: names the first of `layout`'s tensors that is not finite, and counts the others. */
export function refuseNonFiniteSlab(name: string, layout: SlabLayout | undefined, data: Float32Array): void {
  if (countNonFinite(data, 0, data.length) === 0) return;
  const bad = (layout?.specs ?? []).filter((spec) => {
    const offset = layout!.offsets.get(spec.name)!;
    return countNonFinite(data, offset, offset + product(spec.shape)) > 0;
  });
  const others = bad.length > 1 ? `, and so do ${bad.length - 1} more tensors` : '';
  throw new NotFiniteError(`${name}: ${bad[0]?.name ?? 'it'} holds values that are NaN or infinite${others}`);
}

function countNonFinite(data: Float32Array, from: number, to: number): number {
  let bad = 0;
  for (let i = from; i < to; i++) if (!Number.isFinite(data[i])) bad += 1;
  return bad;
}
