import type { Program } from '../../kernels/program.ts';
import { shapesEqual } from '../../shape.ts';
import { type Graph, remake, rewrite, rootsOf, useCounts } from '../graph.ts';
import { has } from '../ops/index.ts';
import { remadeValue, type Value } from '../value.ts';

/** Bindings that a matmul or convolution needs for itself: two operands, the result, and one for scratch. */
const OWN_BINDINGS = 4;

/**
 * Moves a pointwise value into the store of the matmul or convolution that feeds it: bias, batch norm's scale
 * and shift, residual add and activation then cost no pass over memory. Runs after `fuseElementwise`.
 */
export function fuseEpilogue(graph: Graph, maxBindings: number): Graph {
  const uses = useCounts(graph);
  const roots = new Set(rootsOf(graph));
  /** Products that may still take an epilogue. */
  const open = new Set<Value>();
  return rewrite(graph, (value, inputs) => {
    if (!has(value, 'pointwise')) {
      const made = remake(value, inputs);
      const free = has(value, 'takesEpilogue') && value.attrs.epilogue === undefined;
      if (free && uses.get(value) === 1 && !roots.has(value)) open.add(made);
      return made;
    }
    const candidates = inputs.filter(
      (operand) => open.has(operand) && shapesEqual(operand.shape, value.shape),
    );
    // The latest one: all other inputs are then computed before it.
    const producer = candidates.sort((a, b) => a.id - b.id).at(-1);
    const others = inputs.filter((operand) => operand !== producer);
    if (!producer || others.length + OWN_BINDINGS > maxBindings || !isFloat(value)) {
      return remake(value, inputs);
    }
    const order = [producer, ...others];
    const attrs = { ...producer.attrs, epilogue: permuteInputs(value.attrs.program, inputs, order) };
    const { shape, dtype } = value;
    return remadeValue(producer, { inputs: [...producer.inputs, ...others], attrs, shape, dtype });
  });
}

const isFloat = ({ dtype }: Value): boolean => dtype === 'f32' || dtype === 'f16';

/** The same program with its inputs in another order. */
function permuteInputs(program: Program, from: readonly Value[], to: readonly Value[]): Program {
  const place = from.map((operand) => to.indexOf(operand));
  return {
    inputs: program.inputs,
    steps: program.steps.map((step) => ({
      ...step,
      args: step.args.map((arg) => (arg < program.inputs ? place[arg]! : arg)),
    })),
  };
}
