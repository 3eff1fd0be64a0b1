/**
 * For GPUs. A workgroup owns a tile of the result; tiles of A and B pass through its memory, so that each number loaded
 * serves a whole row or column; an invocation keeps `rows` x `columns` sums in registers and fetches four numbers at a
 * time. With two buffers the next tiles are loaded while these are multiplied, and one barrier per iteration is enough.
 */
import { range } from '../../../shape.ts';
import { type Kernel, makeKernel } from '../../kernel.ts';
import { code, type Wgsl, wgsl } from '../../wgsl.ts';
import {
  extraAt,
  type GemmProblem,
  namedSizes,
  perChannel,
  resultBindings,
  resultInFours,
  storeFour,
  storeStatements,
  tiledProduct,
  tileOfGroup,
  vectorBinding,
} from '../problem.ts';
import { everyTile, type MatrixVariant, oneDispatch } from '../variant.ts';
import { type BlockedTile, guessBlocked, ratesOf, sizesOf } from './rule.ts';
import { loadsFit, tileLoads, tileStride } from './tileLoads.ts';

/** Most terms of a tile that the text has side by side. */
const UNROLLED = 8;

export const blockedInvocations = ({ m, n, rows, columns }: BlockedTile): number =>
  (m / rows) * (n / columns);

/** Bytes of workgroup memory. */
const blockedBytes = ({ a, b }: GemmProblem, { m, n, k, buffers }: BlockedTile): number =>
  16 * buffers * k * (tileStride(a, m) + tileStride(b, n));

export const blocked: MatrixVariant<BlockedTile> = {
  name: 'blocked',
  tiles: {
    m: [16, 32, 64, 128],
    n: [32, 64, 128],
    k: [8, 16],
    rows: [4, 8],
    columns: [4, 8],
    buffers: [1, 2],
  },
  fits(tile, problem, device) {
    const invocations = blockedInvocations(tile);
    if (invocations < 32)
      return `has ${invocations} invocations a workgroup, fewer than a subgroup of most GPUs`;
    if (invocations > device.maxWorkgroupInvocations)
      return `needs ${invocations} invocations a workgroup, the adapter has ${device.maxWorkgroupInvocations}`;
    const bytes = blockedBytes(problem, tile);
    if (bytes > device.workgroupBytes)
      return `its tiles need ${bytes} bytes of workgroup memory, the adapter has ${device.workgroupBytes}`;
    const { k } = tile;
    const a = loadsFit(problem.a, { outer: tile.m, k, invocations });
    return a === true ? loadsFit(problem.b, { outer: tile.n, k, invocations }) : a;
  },
  guess: (problem, device) =>
    device.software
      ? null
      : guessBlocked(
          sizesOf(problem),
          (tile) => blocked.fits(tile, problem, device) === true,
          ratesOf(device),
        ),
  lower: (problem, tile) => oneDispatch(problem, build(problem, tile)),
  tuning: {
    place: 2,
    /** One for each block of results an invocation has, the largest first. */
    families(_, { software }) {
      if (software) return [];
      const { rows, columns } = blocked.tiles;
      const tiles = everyTile(blocked.tiles).reverse();
      return everyTile<Pick<BlockedTile, 'rows' | 'columns'>>({ rows, columns })
        .reverse()
        .map((block) => tiles.filter((tile) => tile.rows === block.rows && tile.columns === block.columns));
    },
  },
};

function build(problem: GemmProblem, tile: BlockedTile): Kernel {
  const { a, b } = problem;
  const invocations = blockedInvocations(tile);
  const across = tile.n / tile.columns;
  const down = tile.m / tile.rows;
  const tilesM = Math.ceil(problem.m / tile.m);
  const tilesN = Math.ceil(problem.n / tile.n);
  const [loadA, loadB] = [
    tileLoads('a', a, problem, { outer: tile.m, k: tile.k, invocations }),
    tileLoads('b', b, problem, { outer: tile.n, k: tile.k, invocations }),
  ];
  const [sizeA, sizeB] = [tile.k * loadA.stride, tile.k * loadB.stride];
  const rowQuads = range(tile.rows / 4);
  const columnQuads = range(tile.columns / 4);
  const rows = range(tile.rows);
  const groupN = (q: number): string => (q === 0 ? 'tx' : `(tx + ${q * across}u)`);
  const sums = rows.map((r) => code(columnQuads.map((q) => `var sum${r}_${q} = vec4f();`).join('  ')));
  /** Terms that the text has side by side: offsets of their reads are then constants. */
  const unrolled = Math.min(tile.k, UNROLLED);
  const turnsOfTile = tile.k / unrolled;
  const term = (i: number): Wgsl => wgsl`
    {
      ${rowQuads.map((q) => code(`let a${q} = tile_a[from_a + ${i * loadA.stride + q * down}u];`))}
      ${columnQuads.map((q) => code(`let b${q} = tile_b[from_b + ${i * loadB.stride + q * across}u];`))}
      ${rows.map((r) => code(columnQuads.map((q) => `sum${r}_${q} += a${r >> 2}.${'xyzw'[r % 4]!} * b${q};`).join('  ')))}
    }`;
  const terms = range(unrolled).map(term);
  const multiply = (buffer: string): Wgsl =>
    turnsOfTile === 1
      ? wgsl`
        let from_a = ${code(buffer)} * ${sizeA}u + ty;
        let from_b = ${code(buffer)} * ${sizeB}u + tx;
        ${terms}`
      : wgsl`
        for (var kk = 0u; kk < ${turnsOfTile}u; kk++) {
          let from_a = ${code(buffer)} * ${sizeA}u + kk * ${unrolled * loadA.stride}u + ty;
          let from_b = ${code(buffer)} * ${sizeB}u + kk * ${unrolled * loadB.stride}u + tx;
          ${terms}
        }`;
  const loop =
    tile.buffers === 1
      ? wgsl`
        for (var turn = 0u; turn < turns; turn++) {
          let k0 = turn * ${tile.k}u;
          ${loadA.load}
          ${loadB.load}
          ${loadA.write('0u')}
          ${loadB.write('0u')}
          workgroupBarrier();
          {
            ${multiply('0u')}
          }
          workgroupBarrier();
        }`
      : wgsl`
        {
          let k0 = 0u;
          ${loadA.load}
          ${loadB.load}
          ${loadA.write('0u')}
          ${loadB.write('0u')}
        }
        workgroupBarrier();
        for (var turn = 0u; turn < turns; turn++) {
          // The last turn loads a tile that nobody reads: a branch would make all turns wait for their loads at once.
          let k0 = (turn + 1u) * ${tile.k}u;
          ${loadA.load}
          ${loadB.load}
          {
            ${multiply('(turn % 2u)')}
          }
          {
            let other = (turn + 1u) % 2u;
            ${loadA.write(`other * ${sizeA}u`)}
            ${loadB.write(`other * ${sizeB}u`)}
          }
          workgroupBarrier();
        }`;
  const kept = rows.map((r) =>
    code(columnQuads.map((q) => `results[${r * columnQuads.length + q}] = sum${r}_${q};`).join('  ')),
  );
  const ofRow = new Map(perChannel(problem).map((i) => [i, `of_row${i}`]));
  const rowLoads = [...ofRow].map(([i, name]) => code(`let ${name} = ${extraAt(problem, i, 'm')};`));
  const inFours = problem.store.inFours === true;
  const bounded = (n: string, body: Wgsl): Wgsl =>
    problem.n % tile.n === 0
      ? wgsl`
        {
          ${body}
        }`
      : wgsl`
        if (${code(n)} < N) {
          ${body}
        }`;
  const sumOf = (c: number): string => `results[r * ${columnQuads.length}u + ${c >> 2}u].${'xyzw'[c % 4]!}`;
  const stores = inFours
    ? columnQuads.map((q) => {
        const names = { m: 'm', z: 'z', column: `to${4 * q}` };
        const sums = range(4).map((c) => `four${q}.${'xyzw'[c]!}`);
        const four = code(`let four${q} = results[r * ${columnQuads.length}u + ${q}u];`);
        return bounded(
          `n${4 * q}`,
          wgsl`
          ${four}
          ${storeFour(problem, names, sums, `${q}`, ofRow)}`,
        );
      })
    : range(tile.columns).map((c) => {
        const names = { m: 'm', z: 'z', column: `to${c}` };
        const value = code(`let value${c} = ${sumOf(c)};`);
        return bounded(
          `n${c}`,
          wgsl`
          ${value}
          ${storeStatements(problem, names, `value${c}`, `${c}`, ofRow)}`,
        );
      });
  const placed = range(tile.columns).filter((c) => !inFours || c % 4 === 0);
  return makeKernel({
    label: `${problem.label} blocked ${tile.m}x${tile.n}x${tile.k} ${tile.rows}x${tile.columns}`,
    bindings: [vectorBinding(a), vectorBinding(b), ...(inFours ? resultInFours : resultBindings)(problem)],
    ...tiledProduct(problem, tilesM, tilesN),
    wgsl: wgsl`
      // A workgroup owns ${tile.m} rows x ${tile.n} columns, an invocation ${tile.rows} x ${tile.columns} of them, in groups of four.
      // tile_a [buffer][k][row], tile_b [buffer][k][column], four of the last axis to a vector.
      var<workgroup> tile_a: array<vec4f, ${tile.buffers * sizeA}>;
      var<workgroup> tile_b: array<vec4f, ${tile.buffers * sizeB}>;
      @compute @workgroup_size(${invocations})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        ${tileOfGroup(problem)}
        ${namedSizes(problem)}
        let tile_m = within / sizes.tiles_n;
        let first_m = tile_m * ${tile.m}u;
        let first_n = (within - tile_m * sizes.tiles_n) * ${tile.n}u;
        let tx = lane % ${across}u;
        let ty = lane / ${across}u;
        ${loadA.before}
        ${loadB.before}
        ${sums}
        // The grid is flat, so wid.z is 0; the compiler does not know, or it might unroll a whole tile's turn many times.
        let turns = (K + ${tile.k - 1}u) / ${tile.k}u + wid.z;

        ${loop}

        var results: array<vec4f, ${tile.rows * columnQuads.length}>;
        ${kept}
        ${placed.map((c) => code(`let n${c} = first_n + ${groupN(c >> 2)} * 4u + ${c % 4}u;\nlet to${c} = ${problem.store.column(`n${c}`)};`))}
        for (var r = 0u; r < ${tile.rows}u; r++) {
          let m = first_m + (ty + r / 4u * ${down}u) * 4u + r % 4u;
          if (m >= M) { continue; }
          ${rowLoads}
          ${stores}
        }
      }`,
  });
}
