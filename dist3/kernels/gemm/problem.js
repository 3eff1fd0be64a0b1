import { broadcastIndex } from '../broadcast.js';
import { read, write } from '../kernel.js';
import { programText } from '../program.js';
import { code } from '../wgsl.js';
/** Bindings in order: a, b, the epilogue's operands, out. */
export function gemmBindings(problem, outLength) {
    const extras = problem.epilogue?.operands ?? [];
    return [
        problem.a.binding,
        problem.b.binding,
        ...extras.map((shape, i) => read(`extra${i}`, shape.reduce((p, s) => p * s, 1))),
        write('out', outLength),
    ];
}
export const gemmFlops = ({ m, n, k, z }) => 2 * m * n * k * z;
/** Statements that store `sum` at (m, n, z) through the epilogue. `tag` keeps repeated stores apart. */
export function storeStatements(problem, names, sum, tag) {
    const index = `at${tag}`;
    const place = `let ${index} = ${problem.store(names.m, names.n, names.z)};`;
    const { epilogue, outShape } = problem;
    if (!epilogue)
        return code(`${place}\nout[${index}] = ${sum};`);
    const extras = epilogue.operands.map((shape, i) => `let e${tag}_${i} = extra${i}[${broadcastIndex(index, outShape, shape)}];`);
    const inputs = [sum, ...epilogue.operands.map((_, i) => `e${tag}_${i}`)];
    const { statements, result } = programText(epilogue.program, inputs, `t${tag}_`);
    return code([place, ...extras, statements.text, `out[${index}] = ${result};`].join('\n'), ...statements.functions);
}
/** `value` where k is inside the sum, else 0; nothing where the loop never leaves it. */
export const guardK = (value, k, problem, step) => problem.k % step === 0 ? value : `select(0.0, ${value}, ${k} < ${problem.k}u)`;
export const range = (count) => Array.from({ length: count }, (_, i) => i);
//# sourceMappingURL=problem.js.map