/**
 * For CPU adapters. There a load costs about 30 cycles for 8 lanes, a broadcast from a register 2 to 4, a
 * multiply-add under 1, and a barrier switches coroutines. So: a workgroup is one subgroup, nothing goes
 * through workgroup memory, each lane loads one k of A for every row and hands it round.
 */
import { range } from '../../shape.ts';
import { type Kernel, makeKernel, UNKNOWN_ZERO } from '../kernel.ts';
import { code, wgsl } from '../wgsl.ts';
import {
  type GemmProblem,
  gemmBindings,
  gemmFlops,
  guardK,
  namedSizes,
  storeStatements,
  tiledProduct,
  tileOfGroup,
} from './problem.ts';
import { everyTile, type MatrixVariant, oneDispatch } from './variant.ts';

export interface SubgroupRowsTile {
  /** Rows of the result per workgroup, a multiple of 4 (or 1 or 2). */
  readonly rows: number;
  /** Columns per lane. */
  readonly columns: 1 | 2 | 4;
}

/**
 * A tile of 16 rows is 12 % faster than one of 8 on lavapipe, and its text takes twice as long to compile at its
 * first use (2.6 s against 1.1 s): only products of this many operations win that back within some hundred runs.
 */
const TALL_FLOPS = 2.5e8;

export const subgroupRows: MatrixVariant<SubgroupRowsTile> = {
  name: 'subgroupRows',
  tiles: { rows: [1, 2, 4, 8, 16, 32], columns: [1, 2, 4] },
  fits: (_, __, device) =>
    device.subgroupSize >= 4 ? true : 'needs subgroups of a known size of at least 4',
  guess(problem, device) {
    if (!device.software || device.subgroupSize < 4) return null;
    const heights = gemmFlops(problem) >= TALL_FLOPS ? [16, 8, 4, 2, 1] : [8, 4, 2, 1];
    const rows = heights.find((r) => r <= Math.max(1, problem.m) && padding(problem.m, r) < 1.26) ?? 4;
    const lanes = device.subgroupSize;
    // Four columns a lane spill registers: measured slower than two on lavapipe at every height.
    const columns = ([2, 1] as const).find(
      (c) => padding(problem.n, c * lanes) < 1.26 && tiles(problem, rows, c * lanes) >= 8,
    );
    return { rows, columns: columns ?? 1 };
  },
  lower: (problem, tile, device) => oneDispatch(problem, build(problem, tile, device)),
  tuning: {
    place: 5,
    families(_, { software, subgroupSize }) {
      if (!software || subgroupSize < 4) return [];
      // Beyond these the sums spill: slower at every shape measured, and seconds to compile.
      const small = everyTile(subgroupRows.tiles).filter(({ rows, columns }) => rows <= 16 && columns <= 2);
      return [small.reverse()];
    },
  },
};

/** Computed over needed, when `size` is cut into tiles. */
const padding = (size: number, tile: number): number => (Math.ceil(size / tile) * tile) / Math.max(1, size);
const tiles = (p: GemmProblem, rows: number, width: number): number =>
  Math.ceil(p.m / rows) * Math.ceil(p.n / width) * p.z;

function build(
  problem: GemmProblem,
  { rows, columns }: SubgroupRowsTile,
  { subgroupSize: lanes }: { subgroupSize: number },
): Kernel {
  const { a, b } = problem;
  const width = lanes * columns;
  const tilesN = Math.ceil(problem.n / width);
  const tilesM = Math.ceil(problem.m / rows);
  const cols = range(columns);
  const vector = columns === 1 ? 'f32' : `vec${columns}f`;
  const parts = (name: string): string =>
    columns === 1 ? `${name}0` : `${vector}(${cols.map((c) => `${name}${c}`).join(', ')})`;

  const columnSetup = cols.map((c) =>
    code(`let n${c} = first_n + ${c * lanes}u;\n${b.outer(`n${c}`, `_n${c}`, 'z')}`),
  );
  const rowSetup = range(rows).map((r) => code(a.outer(`(first_m + ${r}u)`, `_m${r}`, 'z')));
  const sums = range(rows).map((r) => code(`var sum${r} = ${vector}();`));
  // Broadcast four rows at once: it costs hardly more than a single number.
  const packs = range(Math.ceil(rows / 4)).map((p) => range(Math.min(4, rows - p * 4)).map((i) => p * 4 + i));
  const loadsA = packs.map((pack, p) => {
    const loads = pack.map((r) => guardK(a.at(`_m${r}`, '_ka'), 'ka', problem, lanes));
    return code(`let a${p} = ${pack.length === 1 ? loads[0]! : `vec${pack.length}f(${loads.join(', ')})`};`);
  });
  const steps = range(lanes).map((j) => {
    const k = `(k0 + ${j}u)`;
    const loads = cols.map((c) =>
      code(`let b${j}_${c} = ${guardK(b.at(`_n${c}`, `_k${j}`), k, problem, lanes)};`),
    );
    const products = packs.map((pack, p) => {
      const scalar = (i: number): string => (pack.length === 1 ? `s${j}_${p}` : `s${j}_${p}.${'xyzw'[i]!}`);
      return wgsl`
        let s${j}_${p} = subgroupBroadcast(a${p}, ${j}u);
        ${pack.map((r, i) => wgsl`sum${r} += ${code(scalar(i))} * v${j};`)}`;
    });
    return wgsl`
      ${code(b.inner(k, `_k${j}`, 'z'))}
      ${loads}
      let v${j} = ${code(parts(`b${j}_`))};
      ${products}`;
  });
  // Stores the sums through an array, in a loop that compilers cannot unroll: one store in the text instead of one per
  // row, because each takes a CPU adapter some 20 ms to compile.
  const kept = range(rows).map((r) => code(`results[${r}] = sum${r};`));
  const stores = cols.map((c) => {
    const store = storeStatements(
      problem,
      { m: '(first_m + r)', z: 'z', column: `to${c}` },
      `result${c}`,
      `${c}`,
    );
    const value = `let result${c} = results[r]${columns === 1 ? '' : `.${'xyzw'[c]!}`};`;
    const body = `${value}\n${store.text}`;
    return code(
      problem.n % width === 0 ? `{\n${body}\n}` : `if (n${c} < N) {\n${body}\n}`,
      ...store.functions,
    );
  });
  return makeKernel({
    label: `${problem.label} subgroupRows ${rows}x${width}`,
    bindings: gemmBindings(problem),
    ...tiledProduct(problem, tilesM, tilesN),
    enables: ['subgroups'],
    wgsl: wgsl`
      // One subgroup of ${lanes} lanes owns ${rows} rows x ${width} columns; lane l has columns l, l + ${lanes}, ...
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
        ${tileOfGroup(problem)}
        ${namedSizes(problem)}
        // Neighbouring workgroups share the columns of B: it stays in cache while the rows pass.
        let across = ${code(tilesM === 1 ? 'within' : 'within / sizes.tiles_m')};
        let first_m = ${code(tilesM === 1 ? '0u' : `(within - across * sizes.tiles_m) * ${rows}u`)};
        let first_n = across * ${width}u + lane;
        ${columnSetup}
        ${rowSetup}
        ${sums}

        for (var k0 = 0u; k0 < K; k0 += ${lanes}u) {
          let ka = k0 + lane;
          ${code(a.inner('ka', '_ka', 'z'))}
          ${loadsA}
          ${steps}
        }

        var results: array<${code(vector)}, ${rows}>;
        ${kept}
        ${cols.map((c) => code(`let to${c} = ${problem.store.column(`n${c}`)};`))}
        let last_r = min(${rows}u, M - first_m);
        for (var r = ${code(rows > 2 ? UNKNOWN_ZERO : '0u')}; r < last_r; r++) {
          ${stores}
        }
      }`,
  });
}
