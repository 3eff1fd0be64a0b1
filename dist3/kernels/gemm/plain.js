/**
 * No subgroups, no workgroup memory: one invocation owns one column and a few rows. For products with hardly
 * any rows (depthwise convolutions, blurs), and for CPU adapters without subgroups.
 */
import { GROUP_INDEX, linearGrid, makeKernel } from '../kernel.js';
import { code, wgsl } from '../wgsl.js';
import { gemmBindings, gemmFlops, range, storeStatements, } from './problem.js';
const LANES = 64;
export const plain = {
    name: 'plain',
    tiles: { rows: [1, 2, 4, 8] },
    fits: () => true,
    guess(problem, device) {
        if (device.software ? device.subgroupSize >= 4 : problem.m > 4)
            return null;
        return { rows: problem.m >= 8 ? 8 : problem.m >= 4 ? 4 : problem.m >= 2 ? 2 : 1 };
    },
    build,
};
function build(problem, { rows }) {
    const { a, b } = problem;
    const tilesM = Math.ceil(problem.m / rows);
    const tilesN = Math.ceil(problem.n / LANES);
    const rowSetup = range(rows).map((r) => code(`${a.outer(`(first_m + ${r}u)`, `_m${r}`, 'z')}\nvar sum${r} = 0.0;`));
    const products = range(rows).map((r) => code(`sum${r} += ${a.at(`_m${r}`, '_ka')} * value;`));
    const stores = range(rows).map((r) => {
        const store = storeStatements(problem, { m: `(first_m + ${r}u)`, n: 'n', z: 'z' }, `sum${r}`, `${r}`);
        return code(`if (first_m + ${r}u < M) {\n${store.text}\n}`, ...store.functions);
    });
    return makeKernel({
        label: `${problem.label} plain ${rows}`,
        bindings: gemmBindings(problem, problem.outShape.reduce((p, s) => p * s, 1)),
        grid: linearGrid(tilesM * tilesN * problem.z),
        flops: gemmFlops(problem),
        wgsl: wgsl `
      // One invocation owns column n and ${rows} rows; neighbouring lanes read neighbouring columns.
      const M = ${problem.m}u;  const N = ${problem.n}u;  const K = ${problem.k}u;
      @compute @workgroup_size(${LANES})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let tile = ${code(GROUP_INDEX)};
        let z = tile / ${tilesM * tilesN}u;
        if (z >= ${problem.z}u) { return; }
        let first_m = ((tile % ${tilesM * tilesN}u) / ${tilesN}u) * ${rows}u;
        let n = ((tile % ${tilesM * tilesN}u) % ${tilesN}u) * ${LANES}u + lane;
        if (n >= N) { return; }
        ${code(b.outer('n', '_n', 'z'))}
        ${rowSetup}
        for (var k = 0u; k < K; k++) {
          ${code(a.inner('k', '_ka', 'z'))}
          ${code(b.inner('k', '_kb', 'z'))}
          let value = ${code(b.at('_n', '_kb'))};
          ${products}
        }
        ${stores}
      }`,
    });
}
//# sourceMappingURL=plain.js.map