/**
 * For GPUs, and for any adapter at WebGPU's default limits. A workgroup of 16 x 16 owns 64 queries and walks through the
 * rows of its part 64 at a time; tiles of both pass through workgroup memory as in gemm/blocked/. The sums of a
 * tile then go to the 64 invocations that keep a query's list each, 16 rows at a time, so that 12 KiB suffice.
 */
import { range } from '../../shape.ts';
import { GROUP_INDEX, type Kernel, linearGrid, makeKernel, read, write } from '../kernel.ts';
import { code, wgsl } from '../wgsl.ts';
import {
  emptyList,
  insertion,
  orFarthest,
  partStart,
  type Search,
  searchFlops,
  storeList,
} from './search.ts';

const SIDE = 16;
const INVOCATIONS = SIDE * SIDE;
const TILE = 64;
const DEPTH = 16;
const EACH = TILE / SIDE;
const PER_FILL = (TILE * DEPTH) / INVOCATIONS;
/** One spare column, so that transposed writes hit different banks. */
const PITCH = TILE + 1;

/** Workgroups that keep a large GPU busy, and the fewest rows worth a workgroup. */
const ENOUGH_GROUPS = 512;
const FEWEST_ROWS = 256;

export function tileParts(m: number, rows: number): number {
  const wanted = Math.ceil(ENOUGH_GROUPS / Math.ceil(m / TILE));
  return Math.max(1, Math.min(wanted, Math.floor(rows / FEWEST_ROWS)));
}

export function buildTileSearch(s: Search): Kernel {
  const tiles = Math.ceil(s.m / TILE);
  const each = range(EACH);
  const fill = (name: string, array: string, first: string, end: string) =>
    Array.from({ length: PER_FILL }, (_, i) =>
      code(`{
  let e = lane + ${i * INVOCATIONS}u;
  let at = ${first} + e / ${DEPTH}u;
  let k = k0 + e % ${DEPTH}u;
  ${name}[(e % ${DEPTH}u) * ${PITCH}u + e / ${DEPTH}u] = select(0.0, f32(${array}[at * ${s.columns}u + k]), at < ${end} && k < ${s.columns}u);
}`),
    );
  const sums = each.flatMap((q) => each.map((r) => code(`var sum${q}_${r} = 0.0;`)));
  const fetch = each.flatMap((i) => [
    code(`let q${i} = queries[kk * ${PITCH}u + ty + ${i * SIDE}u];`),
    code(`let r${i} = rows[kk * ${PITCH}u + tx + ${i * SIDE}u];`),
  ]);
  const terms = each.flatMap((q) =>
    each.map((r) =>
      code(
        s.by === 'products'
          ? `sum${q}_${r} += q${q} * r${r};`
          : `{ let d = q${q} - r${r};  sum${q}_${r} += d * d; }`,
      ),
    ),
  );
  const sum = `sums[i * ${TILE}u + lane]`;
  const value = s.by === 'products' ? `norms[first + i] - ${sum}` : sum;
  // Picked by comparison: an array indexed by r would push the sums out of registers.
  const picked = each.map((q) =>
    code(
      `sums[tx * ${TILE}u + ty + ${q * SIDE}u] = select(select(sum${q}_0, sum${q}_1, r == 1u), select(sum${q}_2, sum${q}_3, r == 3u), r > 1u);`,
    ),
  );
  return makeKernel({
    label: `${s.label} tiles`,
    bindings: [
      read('x', s.m * s.columns, s.query),
      read('bank', s.rows * s.columns, s.bank),
      ...(s.by === 'products' ? [read('norms', s.rows)] : []),
      write('out', s.candidates * s.m, 'u32'),
    ],
    grid: linearGrid(tiles * s.parts),
    flops: searchFlops(s),
    wgsl: wgsl`
      // x [M, C], bank [K, C],${code(s.by === 'products' ? ' norms [K] (half the squared length),' : '')} out [candidate][M].
      var<workgroup> queries: array<f32, ${DEPTH * PITCH}>;  // [k][query]
      var<workgroup> rows: array<f32, ${DEPTH * PITCH}>;  // [k][row]
      var<workgroup> sums: array<f32, ${SIDE * TILE}>;  // [row][query]
      @compute @workgroup_size(${INVOCATIONS})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= ${tiles * s.parts}u) { return; }
        let part = group / ${tiles}u;
        let first_query = group % ${tiles}u * ${TILE}u;
        let tx = lane % ${SIDE}u;
        let ty = lane / ${SIDE}u;
        let end = ${code(partStart(s, '(part + 1u)'))};
        ${emptyList(s, 'q')}

        for (var first_row = ${code(partStart(s, 'part'))}; first_row < end; first_row += ${TILE}u) {
          ${sums}
          for (var k0 = 0u; k0 < ${s.columns}u; k0 += ${DEPTH}u) {
            ${fill('queries', 'x', 'first_query', `${s.m}u`)}
            ${fill('rows', 'bank', 'first_row', 'end')}
            workgroupBarrier();
            for (var kk = 0u; kk < ${DEPTH}u; kk++) {
              ${fetch}
              ${terms}
            }
            workgroupBarrier();
          }
          for (var r = 0u; r < ${EACH}u; r++) {
            ${picked}
            workgroupBarrier();
            let first = first_row + r * ${SIDE}u;
            if (lane < ${TILE}u && first < end) {
              let last = min(${SIDE}u, end - first);
              for (var i = 0u; i < last; i++) {
                let value = ${code(orFarthest(value))};
                ${insertion(s.kept, 'q', 'value', `(first + i + ${s.firstRow}u)`)}
              }
            }
            workgroupBarrier();
          }
        }
        if (lane < ${TILE}u) {
          ${storeList(s, 'q', '(first_query + lane)', 'part')}
        }
      }`,
  });
}
