import { product } from '../../shape.js';
import { GROUP_INDEX, linearGrid, makeKernel, read, write, } from '../kernel.js';
import { code, wgsl } from '../wgsl.js';
import { blocked } from './blocked.js';
import { plain } from './plain.js';
import { gemmBindings, storeStatements } from './problem.js';
import { subgroupRows } from './subgroupRows.js';
/** All variants, in the order in which they are asked for a guess. Tests and tuning walk this list. */
export const GEMM_VARIANTS = { plain, subgroupRows, blocked };
/** The rule that chooses where nothing was measured. */
export function chooseGemm(problem, device) {
    for (const [name, variant] of Object.entries(GEMM_VARIANTS)) {
        const tile = variant.guess(problem, device);
        if (tile)
            return { variant: name, tile };
    }
    return { variant: 'plain', tile: { rows: 1 } };
}
export function buildGemm(problem, device, choice = chooseGemm(problem, device)) {
    const variant = GEMM_VARIANTS[choice.variant];
    const fits = variant.fits(choice.tile, problem, device);
    if (fits !== true)
        throw new Error(`${problem.label}: ${variant.name} ${JSON.stringify(choice.tile)} ${fits}`);
    return variant.build(problem, choice.tile, device);
}
/** Into how many parts a long sum is cut so that the adapter has work for all its cores. 1: not at all. */
export function splitsFor(problem, device) {
    const wanted = device.software ? 16 : 264;
    const tile = device.software ? { m: 16, n: 16 } : { m: 32, n: 32 };
    const groups = Math.ceil(problem.m / tile.m) * Math.ceil(problem.n / tile.n) * problem.z;
    const most = Math.floor(problem.k / 256);
    return Math.max(1, Math.min(most, Math.ceil(wanted / Math.max(1, groups)), 64));
}
/**
 * The problem with its sum cut into `splits` parts, each stored in a row of its own of a scratch array, and the
 * kernel that adds the rows in order (so the result does not depend on timing) and applies the epilogue.
 */
export function splitK(problem, splits) {
    const { m, n, k, z } = problem;
    const depth = Math.ceil(k / splits);
    const size = product(problem.outShape);
    const shifted = (operand) => ({
        ...operand,
        outer: (index, tag, each) => operand.outer(index, tag, `(${each} / ${splits}u)`),
        inner: (at, tag, each) => `let all${tag} = ${at} + (${each} % ${splits}u) * ${depth}u;\n${operand.inner(`all${tag}`, tag, `(${each} / ${splits}u)`)}`,
        at: (outerTag, innerTag) => k % splits === 0
            ? operand.at(outerTag, innerTag)
            : `select(0.0, ${operand.at(outerTag, innerTag)}, all${innerTag} < ${k}u)`,
    });
    const partial = {
        ...problem,
        label: `${problem.label} part`,
        k: depth,
        z: z * splits,
        a: shifted(problem.a),
        b: shifted(problem.b),
        store: (row, column, each) => `(${each} % ${splits}u) * ${size}u + ${problem.store(row, column, `(${each} / ${splits}u)`)}`,
        outShape: [splits, size],
        epilogue: undefined,
    };
    const flat = { ...problem, store: (_, column) => column };
    const bindings = gemmBindings(problem, size).slice(2);
    const store = storeStatements(flat, { m: '0u', n: 'i', z: '0u' }, 'sum', '');
    const total = makeKernel({
        label: `${problem.label} total of ${splits}`,
        bindings: [read('parts', splits * size), ...bindings.slice(0, -1), write('out', size)],
        grid: linearGrid(Math.ceil(size / 64)),
        flops: splits * m * n * z,
        wgsl: wgsl `
      // parts [${splits}, out]: one invocation adds one element's parts in order.
      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let i = (${code(GROUP_INDEX)}) * 64u + lane;
        if (i >= ${size}u) { return; }
        var sum = 0.0;
        for (var part = 0u; part < ${splits}u; part++) { sum += parts[part * ${size}u + i]; }
        ${store}
      }`,
    });
    return { partial, total, words: splits * size };
}
//# sourceMappingURL=variants.js.map