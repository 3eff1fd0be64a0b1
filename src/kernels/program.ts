/**
 * A program is a chain of pointwise functions as data: what the elementwise pass fuses, what epilogues splice
 * into a matmul's store and prologues into a reduction's load.
 */
import { POINTWISE, type PointwiseEntry, type PointwiseName } from './pointwiseTable.ts';
import { code, factorLiteral, floatLiteral, type Wgsl, wgsl } from './wgsl.ts';

/** One function call. Arguments 0..inputs-1 are the program's inputs, inputs+i is the result of step i. */
export interface Step {
  readonly fn: PointwiseName;
  readonly args: readonly number[];
  /** Literal parameters of the function, in its table's order (clamp: low, high). */
  readonly params: readonly number[];
}

/** Its result is the last step's. */
export interface Program {
  readonly inputs: number;
  readonly steps: readonly Step[];
}

/** A copy of its one input. */
export const IDENTITY: Program = { inputs: 1, steps: [{ fn: 'identity', args: [0], params: [] }] };

/** A short label that tells two programs apart in a profile. */
export const programLabel = (program: Program): string => program.steps.map((step) => step.fn).join('+');

/** The steps with arguments and parameters, x being inputs and t results: `t0 = mul(x0, x1); t1 = clamp(t0, 0, 6)`. */
export const programSteps = ({ inputs, steps }: Program): string => {
  const name = (index: number): string => (index < inputs ? `x${index}` : `t${index - inputs}`);
  return steps
    .map(({ fn, args, params }, i) => `t${i} = ${fn}(${[...args.map(name), ...params].join(', ')})`)
    .join('; ');
};

export const programFlops = (program: Program): number =>
  program.steps.reduce((sum, step) => sum + POINTWISE[step.fn].flops, 0);

/**
 * The program as statements over `inputs` (WGSL expressions of type f32), and the name of its result.
 * `prefix` keeps the names of two programs in one shader apart.
 */
export function programText(
  program: Program,
  inputs: readonly string[],
  prefix = 't',
): { statements: Wgsl; result: string } {
  if (inputs.length !== program.inputs) {
    throw new Error(`program: expects ${program.inputs} inputs, got ${inputs.length}`);
  }
  const name = (index: number): string =>
    index < program.inputs ? inputs[index]! : `${prefix}${index - program.inputs}`;
  const factors = factorsOf(program);
  const lines = program.steps.map((step, i) => {
    const entry: PointwiseEntry = POINTWISE[step.fn];
    const literal = (value: number): string =>
      step.fn === 'scale' || factors.has(program.inputs + i) ? factorLiteral(value) : floatLiteral(value);
    const args = step.args.map(name);
    if (cancels(program, step)) args[args.length - 1] = hidden(args.at(-1)!, i + 1);
    const result = entry.wgsl(args, step.params.map(literal));
    return code(`let ${prefix}${i} = ${result};`, ...(entry.functions ?? []));
  });
  return {
    statements: wgsl`${lines}`,
    result: name(program.inputs + program.steps.length - 1),
  };
}

/** Arguments that are multiplied or divided: with a 0 known there, compilers turn NaN and infinity into 0. */
function factorsOf({ inputs, steps }: Program): Set<number> {
  const found = new Set<number>();
  for (const [i, { fn, args }] of [...steps.entries()].reverse()) {
    const passedOn = fn === 'identity' && found.has(inputs + i);
    if (fn === 'mul' || fn === 'div' || passedOn) for (const arg of args) found.add(arg);
  }
  return found;
}

/** Functions that compilers look through for terms that cancel. */
const SUMS: ReadonlySet<PointwiseName> = new Set(['add', 'sub', 'neg', 'shift', 'scale', 'identity']);

/**
 * Whether a compiler could cancel terms of this step: x - x, (x + y) - x, (1e30 x) 1e-30. It would give 0, y and x
 * although an infinity lies between.
 */
function cancels({ inputs, steps }: Program, { fn, args }: Step): boolean {
  const stepOf = (index: number): Step | undefined => steps[index - inputs];
  // x > x is a known 0, which times infinity would be 0.
  if (fn === 'greater') return args[0] === args[1];
  if (fn === 'scale' || fn === 'shift') return stepOf(args[0]!)?.fn === fn;
  if (fn !== 'add' && fn !== 'sub') return false;
  const termsOf = (index: number): number[] => {
    const step = stepOf(index);
    const sum = step && SUMS.has(step.fn);
    return [index, ...(sum ? step.args.flatMap(termsOf) : [])];
  };
  const left = new Set(termsOf(args[0]!));
  return termsOf(args[1]!).some((term) => left.has(term));
}

/**
 * The same number, but the compiler cannot tell that it is, nor that two hidden numbers are equal; see `hiddenLiteral`.
 */
const hidden = (value: string, which: number): string =>
  `bitcast<f32>(bitcast<u32>(${value}) + ${which}u * wid.z)`;
