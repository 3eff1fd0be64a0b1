/** The products that plans compute, each once, and each alone. */

import { type Graph, remake } from '../graph/graph.ts';
import { input, state, type Value } from '../graph/value.ts';
import type { Precision } from '../nn/trainable.ts';
import { productsOf } from '../plan/buildPlan.ts';
import type { Product } from '../plan/lower.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { EncoderName } from '../score/features.ts';
import { networkPlans } from './networks.ts';

export interface ModelSizes {
  readonly model: EncoderName;
  readonly size: number;
  readonly batches: readonly number[];
  /** How scoring stores weights and activations, which is all that there is in f16; default f32. */
  readonly precision?: Precision;
}

/** Graphs of scoring and training with a model; a batch of one is only scored. */
export function modelGraphs({ model, size, batches, precision }: ModelSizes): Graph[] {
  return batches.flatMap((batch) =>
    networkPlans(model, { batch, size, precision })
      .filter(({ purpose }) => batch > 1 || purpose === 'scoring')
      .map(({ graph }) => graph),
  );
}

/** By the key that their choice is looked up by. */
export function distinctProducts(graphs: readonly Graph[], facts: Gpu['facts']): Product[] {
  const all = graphs.flatMap((graph) => productsOf(graph, facts));
  return [...new Map(all.map((product) => [product.key, product])).values()];
}

/**
 * A product over leaves of the same shapes: state where its inputs are the same at every run, so that a plan does the
 * same work ahead. `fill` makes the state.
 */
export function isolated({ value, constant }: Product, fill: (leaf: Value) => void): Graph {
  const leaves = value.inputs.map(({ shape, dtype }, i) => {
    if (!constant[i]) return input(`in${i}`, shape, dtype);
    const leaf = state(`constant ${i}`, shape, dtype);
    fill(leaf);
    return leaf;
  });
  return { outputs: new Map([['out', remake(value, leaves)]]), effects: [] };
}
