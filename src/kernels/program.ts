/**
 * A program is a chain of pointwise functions as data: what the elementwise pass fuses, what epilogues splice
 * into a matmul's store and prologues into a reduction's load.
 */
import { POINTWISE, type PointwiseEntry, type PointwiseName } from './pointwiseTable.ts';
import { code, floatLiteral, type Wgsl, type WgslFunction } from './wgsl.ts';

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

/** Shorter than the text of the steps, and enough to tell two programs apart in a profile. */
export const programLabel = (program: Program): string => program.steps.map((step) => step.fn).join('+');

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
  const functions: WgslFunction[] = [];
  const name = (index: number): string =>
    index < program.inputs ? inputs[index]! : `${prefix}${index - program.inputs}`;
  const lines = program.steps.map((step, i) => {
    const entry: PointwiseEntry = POINTWISE[step.fn];
    functions.push(...(entry.functions ?? []));
    const text = entry.wgsl(step.args.map(name), step.params.map(floatLiteral));
    return `let ${prefix}${i} = ${text};`;
  });
  return {
    statements: code(lines.join('\n'), ...functions),
    result: name(program.inputs + program.steps.length - 1),
  };
}
