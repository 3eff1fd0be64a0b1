/**
 * For GPUs. A workgroup of 16 x 16 owns a tile of the result; tiles of A and B pass through workgroup memory,
 * so that each number loaded serves a whole row or column of the tile; each invocation keeps a small block of
 * sums in registers.
 */
import { GROUP_INDEX, linearGrid, makeKernel } from '../kernel.js';
import { code, wgsl } from '../wgsl.js';
import { gemmBindings, gemmFlops, range, storeStatements, } from './problem.js';
const SIDE = 16;
const INVOCATIONS = SIDE * SIDE;
export const blocked = {
    name: 'blocked',
    tiles: { m: [16, 32, 64, 128], n: [16, 32, 64, 128], k: [8, 16] },
    fits(tile, _, device) {
        const bytes = (tile.m + 1 + tile.n) * tile.k * 4;
        if (bytes > device.workgroupBytes) {
            return `its tiles need ${bytes} bytes of workgroup memory, the adapter has ${device.workgroupBytes}`;
        }
        return device.maxWorkgroupInvocations >= INVOCATIONS
            ? true
            : `needs ${INVOCATIONS} invocations a workgroup`;
    },
    guess(problem, device) {
        if (device.software)
            return null;
        // Enough workgroups for a large chip matter more than reuse within one.
        const groups = (m, n) => Math.ceil(problem.m / m) * Math.ceil(problem.n / n) * problem.z;
        const sizes = [
            [64, 64],
            [32, 64],
            [32, 32],
        ];
        const [m, n] = sizes.find(([tm, tn]) => groups(tm, tn) >= 128) ?? [32, 32];
        return { m: problem.m <= 16 ? 16 : Math.min(m, problem.m <= 32 ? 32 : m), n, k: 16 };
    },
    build,
};
function build(problem, tile) {
    const { a, b } = problem;
    const rows = tile.m / SIDE;
    const columns = tile.n / SIDE;
    const tilesM = Math.ceil(problem.m / tile.m);
    const tilesN = Math.ceil(problem.n / tile.n);
    // A's tile is stored k-major with one spare column, so that its transposed writes hit different banks.
    const strideA = tile.m + 1;
    const fills = (size) => range(Math.ceil((size * tile.k) / INVOCATIONS));
    const inTile = (i, size) => (i + 1) * INVOCATIONS <= size * tile.k ? 'true' : `lane + ${i * INVOCATIONS}u < ${size * tile.k}u`;
    const loadsA = fills(tile.m).map((i) => code(`if (${inTile(i, tile.m)}) {
  let e = lane + ${i * INVOCATIONS}u;
  let m = first_m + e / ${tile.k}u;
  let k = k0 + e % ${tile.k}u;
  ${a.outer('m', '_m', 'z')}
  ${a.inner('k', '_k', 'z')}
  tile_a[(e % ${tile.k}u) * ${strideA}u + e / ${tile.k}u] = select(0.0, ${a.at('_m', '_k')}, m < M && k < K);
}`));
    const loadsB = fills(tile.n).map((i) => code(`if (${inTile(i, tile.n)}) {
  let e = lane + ${i * INVOCATIONS}u;
  let n = first_n + e % ${tile.n}u;
  let k = k0 + e / ${tile.n}u;
  ${b.outer('n', '_n', 'z')}
  ${b.inner('k', '_k', 'z')}
  tile_b[e] = select(0.0, ${b.at('_n', '_k')}, n < N && k < K);
}`));
    const sums = range(rows * columns).map((i) => code(`var sum${i} = 0.0;`));
    const fetch = [
        ...range(rows).map((r) => code(`let a${r} = tile_a[kk * ${strideA}u + ty + ${r * SIDE}u];`)),
        ...range(columns).map((c) => code(`let b${c} = tile_b[kk * ${tile.n}u + tx + ${c * SIDE}u];`)),
    ];
    const products = range(rows * columns).map((i) => code(`sum${i} += a${Math.floor(i / columns)} * b${i % columns};`));
    const stores = range(rows * columns).map((i) => {
        const m = `(first_m + ty + ${Math.floor(i / columns) * SIDE}u)`;
        const n = `(first_n + tx + ${(i % columns) * SIDE}u)`;
        const store = storeStatements(problem, { m, n, z: 'z' }, `sum${i}`, `${i}`);
        return code(`if (${m} < M && ${n} < N) {\n${store.text}\n}`, ...store.functions);
    });
    return makeKernel({
        label: `${problem.label} blocked ${tile.m}x${tile.n}x${tile.k}`,
        bindings: gemmBindings(problem, problem.outShape.reduce((p, s) => p * s, 1)),
        grid: linearGrid(tilesM * tilesN * problem.z),
        flops: gemmFlops(problem),
        wgsl: wgsl `
      // A workgroup owns ${tile.m} rows x ${tile.n} columns; invocation (tx, ty) rows ty + 16 i, columns tx + 16 j.
      const M = ${problem.m}u;  const N = ${problem.n}u;  const K = ${problem.k}u;
      var<workgroup> tile_a: array<f32, ${tile.k * strideA}>;  // [k][m]
      var<workgroup> tile_b: array<f32, ${tile.k * tile.n}>;  // [k][n]
      @compute @workgroup_size(${INVOCATIONS})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let tile = ${code(GROUP_INDEX)};
        let z = tile / ${tilesM * tilesN}u;
        if (z >= ${problem.z}u) { return; }
        let first_n = ((tile % ${tilesM * tilesN}u) % ${tilesN}u) * ${tile.n}u;
        let first_m = ((tile % ${tilesM * tilesN}u) / ${tilesN}u) * ${tile.m}u;
        let tx = lane % ${SIDE}u;
        let ty = lane / ${SIDE}u;
        ${sums}

        for (var k0 = 0u; k0 < K; k0 += ${tile.k}u) {
          ${loadsA}
          ${loadsB}
          workgroupBarrier();
          for (var kk = 0u; kk < ${tile.k}u; kk++) {
            ${fetch}
            ${products}
          }
          workgroupBarrier();
        }

        ${stores}
      }`,
    });
}
//# sourceMappingURL=blocked.js.map