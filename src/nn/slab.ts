import { WeightsError } from '../errors.ts';
import { slabOffsets, slabView } from '../graph/ops/slab.ts';
import { state, type Value } from '../graph/value.ts';
import { product } from '../shape.ts';
import type { StateDict } from './init.ts';
import type { ParameterSpec } from './parameterSpec.ts';

/** Many tensors side by side in one buffer, so that an optimiser updates them all in one dispatch. */
export interface SlabLayout {
  readonly name: string;
  /** Storage type of its numbers. */
  readonly dtype: 'f32' | 'f16';
  readonly specs: readonly ParameterSpec[];
  readonly offsets: ReadonlyMap<string, number>;
  readonly length: number;
}

export function slabLayout(
  name: string,
  specs: readonly ParameterSpec[],
  dtype: SlabLayout['dtype'] = 'f32',
): SlabLayout {
  const { offsets, length } = slabOffsets(
    specs.map((spec) => product(spec.shape)),
    dtype,
  );
  return { name, dtype, specs, offsets: new Map(specs.map((spec, i) => [spec.name, offsets[i]!])), length };
}

/** A slab as a state value, and its tensors as views of it; the same view for the same name. */
export interface SlabValues {
  readonly slab: Value;
  view(name: string): Value;
}

export function slabValues(layout: SlabLayout, stateName = layout.name): SlabValues {
  const slab = state(stateName, [layout.length], layout.dtype);
  const views = new Map(
    layout.specs.map((spec) => [spec.name, slabView(slab, layout.offsets.get(spec.name)!, spec.shape)]),
  );
  return {
    slab,
    view(name) {
      const view = views.get(name);
      if (!view) throw new WeightsError(`slab ${layout.name} has no tensor ${name}`);
      return view;
    },
  };
}

export function unpackSlab(layout: SlabLayout, data: Float32Array): StateDict {
  return new Map(
    layout.specs.map(({ name, shape }) => {
      const offset = layout.offsets.get(name)!;
      return [name, { shape, data: data.slice(offset, offset + product(shape)) }];
    }),
  );
}
