import { IDENTITY, type Program, programFlops, type Step } from '../../kernels/program.ts';
import { product, type Shape, shapesEqual } from '../../shape.ts';
import { type Graph, remake, rewrite, rootsOf, useCounts } from '../graph.ts';
import { has } from '../ops/index.ts';
import { scalarConstant, type Value } from '../value.ts';

/** A pointwise value this cheap is computed again in each user rather than stored and read back. */
const RECOMPUTE_FLOPS = 10;
/** Longer programs only cost compile time and registers. */
const MAX_STEPS = 48;

/**
 * Merges chains of pointwise values into one program each, and into the loads of the reductions that read
 * them. `maxInputs` is what a kernel may bind beside its result.
 *
 * A value with one user is absorbed. One with several is absorbed by all of them if it is cheap and reads at
 * most one array of its own size, because each user then reads that array instead of this one: a normalised
 * activation or a ReLU mask costs no memory at all. Unless that array is of a product that nothing else reads: then the
 * product stores this value instead (`fuseEpilogue`), which costs neither memory nor a dispatch.
 */
export function fuseElementwise(graph: Graph, maxInputs: number): Graph {
  const uses = useCounts(graph);
  const roots = new Set(rootsOf(graph));
  /** Values that their users may absorb, with their programs. */
  const absorbable = new Map<Value, Program>();
  const merge = (program: Program, inputs: readonly Value[], target: Shape): Spliced =>
    mergePrograms(program, inputs, target, absorbable, maxInputs);
  /** Products with one reader: itself or, absorbed by it, what it is made from. */
  const products = new Set<Value>();
  const storesInstead =
    ({ shape }: Value) =>
    (operand: Value): boolean =>
      products.has(operand) && shapesEqual(operand.shape, shape);
  return rewrite(graph, (value, inputs) => {
    if (has(value, 'pointwise') && inputs.length > 0) {
      const { program, inputs: read } = merge(value.attrs.program, inputs, value.shape);
      const made = remake(value, read, { program });
      const again = isCheap(program, made) && !made.inputs.some(storesInstead(made));
      if (!roots.has(value) && (uses.get(value) === 1 || again)) absorbable.set(made, program);
      return made;
    }
    if (has(value, 'takesPrologue')) {
      const { shape } = inputs[0]!;
      const { program, inputs: read } = merge(IDENTITY, inputs, shape);
      if (program.steps.length === 1 && program.steps[0]!.fn === 'identity') return remake(value, read);
      return remake(value, read, { ...value.attrs, prologue: program, shape });
    }
    const made = remake(value, inputs);
    if (has(value, 'takesEpilogue') && uses.get(value) === 1) products.add(made);
    return made;
  });
}

const isCheap = (program: Program, value: Value): boolean =>
  programFlops(program) <= RECOMPUTE_FLOPS &&
  value.inputs.filter((operand) => product(operand.shape) === product(value.shape)).length <= 1;

/** `program` with the programs of absorbable inputs, and scalar constants as literals, spliced in. */
function mergePrograms(
  program: Program,
  inputs: readonly Value[],
  target: Shape,
  absorbable: ReadonlyMap<Value, Program>,
  maxInputs: number,
): Spliced {
  const chosen = new Map<Value, Program>();
  let best = splice(program, inputs, chosen);
  for (const operand of new Set(inputs)) {
    const own = absorbable.get(operand);
    if (!own || !shapesEqual(trimmed(operand.shape), trimmed(target))) continue;
    const attempt = splice(program, inputs, new Map([...chosen, [operand, own]]));
    if (attempt.inputs.length > maxInputs || attempt.program.steps.length > MAX_STEPS) continue;
    chosen.set(operand, own);
    best = attempt;
  }
  return best;
}

/** Leading axes of size 1 do not change where an element lies. */
const trimmed = (shape: Shape): Shape => shape.slice(shape.findIndex((size) => size !== 1) >>> 0);

interface Spliced {
  readonly program: Program;
  readonly inputs: readonly Value[];
}

/** One program from `program` and those of the inputs that are `absorbed`; equal inputs and steps merge. */
function splice(program: Program, inputs: readonly Value[], absorbed: ReadonlyMap<Value, Program>): Spliced {
  const bound: Value[] = [];
  const steps: Step[] = [];
  const keys = new Map<string, number>();
  // While splicing, -1 - i stands for bound input i and i for step i; both are renumbered at the end.
  const bind = (operand: Value): number => {
    const known = bound.indexOf(operand);
    return known >= 0 ? -1 - known : -1 - (bound.push(operand) - 1);
  };
  const push = (step: Step): number => {
    const key = `${step.fn}|${step.args}|${step.params.map((each) => (Object.is(each, -0) ? '-0' : each))}`;
    const known = keys.get(key);
    if (known !== undefined) return known;
    keys.set(key, steps.push(step) - 1);
    return steps.length - 1;
  };
  const run = (inner: Program, args: readonly number[]): number => {
    const results: number[] = [];
    for (const step of inner.steps) {
      const mapped = step.args.map((arg) => (arg < inner.inputs ? args[arg]! : results[arg - inner.inputs]!));
      const silent = step.fn === 'identity' && inner.steps.length > 1;
      results.push(silent ? mapped[0]! : push({ ...step, args: mapped }));
    }
    return results.at(-1)!;
  };
  const operandOf = (operand: Value): number => {
    const literal = operand.dtype === 'f32' ? scalarConstant(operand) : undefined;
    if (literal !== undefined) return push({ fn: 'constant', args: [], params: [literal] });
    const inner = absorbed.get(operand);
    return inner ? run(inner, operand.inputs.map(bind)) : bind(operand);
  };
  const result = run(program, inputs.map(operandOf));
  // The result must be the last step; not through `push`, which might find an earlier twin.
  if (result < 0 || result !== steps.length - 1) steps.push({ fn: 'identity', args: [result], params: [] });
  const renumber = (arg: number): number => (arg < 0 ? -1 - arg : bound.length + arg);
  return {
    program: {
      inputs: bound.length,
      steps: steps.map((step) => ({ ...step, args: step.args.map(renumber) })),
    },
    inputs: bound,
  };
}
