import { type Graph, valuesOf } from '../graph/graph.ts';
import { OPS } from '../graph/ops/index.ts';
import type { Value } from '../graph/value.ts';

/** Values that are the same at every run of a plan, as long as no state is changed from outside. */
export interface RunConstants {
  /** Computed once per set of weights. */
  readonly hoisted: ReadonlySet<Value>;
  /** Whether a value is one of these, state, or a constant. */
  isConstant(value: Value): boolean;
}

/**
 * Values that follow from state and constants alone, of those that `may` be computed ahead. In evaluation these are each
 * batch norm's scale and shift, which the epilogue of the convolution before it then applies, so that a normalisation
 * costs no dispatch and its weights no second copy.
 */
export function runConstants(graph: Graph, may: (value: Value) => boolean = () => true): RunConstants {
  const hoisted = new Set<Value>();
  // A plan that updates state must recompute what depends on it.
  if (graph.effects.length > 0) return { hoisted, isConstant: () => false };
  const isConstant = (value: Value): boolean =>
    hoisted.has(value) || value.op === 'state' || value.op === 'constant';
  for (const value of valuesOf(graph)) {
    const { leaf, placesInputs } = OPS[value.op];
    if (!leaf && !placesInputs && value.inputs.every(isConstant) && may(value)) hoisted.add(value);
  }
  return { hoisted, isConstant };
}
