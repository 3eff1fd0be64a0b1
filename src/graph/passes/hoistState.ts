import { type Graph, valuesOf } from '../graph.ts';
import { OPS } from '../ops/index.ts';
import type { Value } from '../value.ts';

/**
 * Values that `may` be computed ahead and that follow from state and constants alone. A plan without effects computes them once per set of
 * weights instead of at every run: in evaluation these are each batch norm's scale and shift, which the epilogue of
 * the convolution before it then applies, so that a normalisation costs no dispatch and its weights no second copy.
 */
export function hoistState(graph: Graph, may: (value: Value) => boolean): ReadonlySet<Value> {
  const found = new Set<Value>();
  // What a plan updates it must compute anew.
  if (graph.effects.length > 0) return found;
  const still = (value: Value): boolean =>
    found.has(value) || value.op === 'state' || value.op === 'constant';
  for (const value of valuesOf(graph)) {
    const { leaf, placesInputs } = OPS[value.op];
    if (!leaf && !placesInputs && value.inputs.every(still) && may(value)) found.add(value);
  }
  return found;
}
