import { pack } from '../graph/ops/slab.ts';
import { assignAverage } from '../graph/ops/update.ts';
import type { Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { type LayerSource, type Layers, layersFrom } from './layers.ts';
import { type ParameterSpec, requireSpec } from './parameterSpec.ts';
import { type SlabLayout, type SlabValues, slabLayout, slabValues } from './slab.ts';

/** The slabs of a network: what an optimiser updates, and the running statistics. */
export interface NetworkLayout {
  readonly parameters: SlabLayout;
  readonly buffers: SlabLayout;
  /** Parameters that are stored as f16; then the network is for scoring. */
  readonly halves?: SlabLayout;
}

/** How a plan's weights and activations are stored; arithmetic is f32 either way. */
export const PRECISIONS = ['f32', 'f16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** With `f16`, weights of products are stored as f16: all parameters except biases and the norms' scale and shift. */
export function networkLayout(
  name: string,
  specs: readonly ParameterSpec[],
  precision: Precision = 'f32',
  ...extra: never[]
): NetworkLayout {
  refuseExtra('networkLayout', extra);
  for (const spec of specs) requireSpec('networkLayout', spec);
  const isHalf = ({ kind, shape }: ParameterSpec): boolean =>
    precision === 'f16' && kind === 'parameter' && shape.length > 1;
  const halves = specs.filter(isHalf);
  return {
    ...(halves.length > 0 && { halves: slabLayout(`${name} weights`, halves, 'f16') }),
    parameters: slabLayout(
      `${name} parameters`,
      specs.filter((spec) => spec.kind === 'parameter' && !isHalf(spec)),
    ),
    buffers: slabLayout(
      `${name} buffers`,
      specs.filter((spec) => spec.kind === 'buffer'),
    ),
  };
}

/** Update rate of running statistics (PyTorch's momentum 0.1). */
const STATISTICS_RATE = 0.1;

/** A network's tensors as state values, and its layers reading from them. */
export interface BoundNetwork {
  readonly layers: Layers;
  readonly parameters: SlabValues;
  /** The trained tensors in slab order, to differentiate with respect to. */
  readonly trained: readonly Value[];
  /** The effect that averages this step's batch statistics in; call after the forward pass was traced. */
  statisticsUpdate(): Value[];
}

/** What `bindNetwork` makes of layers. */
type BindOptions = Pick<LayerSource, 'training' | 'key' | 'sites'>;

const BIND_OPTIONS: OptionNames<BindOptions> = { training: true, key: true, sites: true };

/**
 * A network's layers over slabs that lie on the device, for a step that is compiled whole.
 * @param options `training`: batch statistics and dropout. `key`: u32 [4] that dropout draws from. `sites`: shared by
 *   networks that share a key.
 */
export function bindNetwork(layout: NetworkLayout, options: BindOptions, ...extra: never[]): BoundNetwork {
  refuseExtra('bindNetwork', extra);
  requireOptions('bindNetwork', options, BIND_OPTIONS);
  const parameters = slabValues(layout.parameters);
  const buffers = slabValues(layout.buffers);
  const halves = layout.halves && slabValues(layout.halves);
  const measured = new Map<string, Value>();
  const layers = layersFrom({
    training: options.training,
    key: options.key,
    tensor({ name, kind }) {
      if (kind === 'buffer') return buffers.view(name);
      return layout.halves?.offsets.has(name) ? halves!.view(name) : parameters.view(name);
    },
    measured,
    sites: options.sites,
  });
  return {
    layers,
    parameters,
    trained: layout.parameters.specs.map(({ name }) => parameters.view(name)),
    statisticsUpdate(...extra: never[]) {
      refuseExtra('statisticsUpdate', extra);
      if (measured.size === 0) return [];
      const values = layout.buffers.specs.map(({ name }) => measured.get(name) ?? buffers.view(name));
      return [assignAverage(buffers.slab, pack(values), STATISTICS_RATE)];
    },
  };
}
