/**
 * A program is a chain of pointwise functions as data: what the elementwise pass fuses, what epilogues splice
 * into a matmul's store and prologues into a reduction's load.
 */
import { POINTWISE } from './pointwiseTable.js';
import { code, floatLiteral } from './wgsl.js';
/** Shorter than the text of the steps, and enough to tell two programs apart in a profile. */
export const programLabel = (program) => program.steps.map((step) => step.fn).join('+');
export const programFlops = (program) => program.steps.reduce((sum, step) => sum + POINTWISE[step.fn].flops, 0);
/**
 * The program as statements over `inputs` (WGSL expressions of type f32), and the name of its result.
 * `prefix` keeps the names of two programs in one shader apart.
 */
export function programText(program, inputs, prefix = 't') {
    if (inputs.length !== program.inputs) {
        throw new Error(`program: expects ${program.inputs} inputs, got ${inputs.length}`);
    }
    const functions = [];
    const name = (index) => index < program.inputs ? inputs[index] : `${prefix}${index - program.inputs}`;
    const lines = program.steps.map((step, i) => {
        const entry = POINTWISE[step.fn];
        functions.push(...(entry.functions ?? []));
        const text = entry.wgsl(step.args.map(name), step.params.map(floatLiteral));
        return `let ${prefix}${i} = ${text};`;
    });
    return {
        statements: code(lines.join('\n'), ...functions),
        result: name(program.inputs + program.steps.length - 1),
    };
}
//# sourceMappingURL=program.js.map