import { ShapeError } from '../../errors.ts';
import { BINDING_ALIGN, ELEMENT_BYTES } from '../../kernels/kernel.ts';
import { product, type Shape, shapeText } from '../../shape.ts';
import { type Dtype, isOp, makeValue, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

/** Many values side by side in one flat value, as they lie in one buffer. */
export const slabOps = {
  /** A part of a flat value under a shape of its own, from `offset` on (elements, a multiple of 256 bytes). */
  slabView: { attrs: attributes<{ readonly offset: number }>(), view: true },
  /** Flat concatenation at aligned offsets; its inputs are computed in place. */
  pack: { attrs: attributes<{ readonly offsets: readonly number[] }>(), placesInputs: true },
} as const satisfies OpTable;

/** Elements between the places where a binding can start. */
const slabAlign = (dtype: Dtype): number => BINDING_ALIGN / ELEMENT_BYTES[dtype];

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
 * Values side by side in one flat slab, at the offsets of `slabOffsets`; gaps between them are undefined. Views that
 * together make up a whole flat value (an op with two results) are placed as one.
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
