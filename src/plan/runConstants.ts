import { type Graph, valuesOf } from '../graph/graph.ts';
import { OPS } from '../graph/ops/index.ts';
import { nameOf, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';

/** Values that are the same at every run of a plan, as long as no state is changed from outside. */
export interface RunConstants {
  /** Computed once per set of weights. */
  readonly hoisted: ReadonlySet<Value>;
  /** Whether a value is one of these, a constant, or state that the plan leaves alone. */
  isConstant(value: Value): boolean;
}

/**
 * Values that follow from constants and from state that no effect updates, of those that `may` be computed ahead. In
 * evaluation these are each batch norm's scale and shift, which the epilogue of the convolution before it then applies, so that a
 * normalisation costs no dispatch and its weights no second copy; in training the same of a frozen encoder.
 */
export function runConstants(
  graph: Graph,
  { software }: Pick<DeviceFacts, 'software'>,
  may: (value: Value) => boolean = () => true,
): RunConstants {
  const hoisted = new Set<Value>();
  // How a CPU adapter computes products was measured with every step computing all of its own.
  if (software && graph.effects.length > 0) return { hoisted, isConstant: () => false };
  const updated = updatedBy(graph);
  const isConstant = (value: Value): boolean =>
    hoisted.has(value) || value.op === 'constant' || (value.op === 'state' && !updated.has(nameOf(value)));
  for (const value of valuesOf(graph)) {
    const { leaf, placesInputs, updates } = OPS[value.op];
    if (!leaf && !placesInputs && !updates && value.inputs.every(isConstant) && may(value))
      hoisted.add(value);
  }
  return { hoisted, isConstant };
}

/** Names of the states that a graph's effects update. */
const updatedBy = ({ effects }: Graph): ReadonlySet<string> =>
  new Set(effects.flatMap(({ op, inputs }) => (OPS[op].updates ?? []).map((i) => nameOf(inputs[i]!))));
