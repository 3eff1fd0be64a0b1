/**
 * For GPUs whose matrix units WebGPU reaches (Dawn's experimental subgroup matrices): operands stored as f16, sums in
 * f32. Both tiles pass through workgroup memory, so that any operand works; four subgroups each own a quarter of the
 * result's tile in matrices of the size that the adapter offers; sums go back through workgroup memory to the epilogue.
 */
import { range } from '../../shape.ts';
import { type DeviceFacts, type Kernel, makeKernel } from '../kernel.ts';
import { code, type Wgsl, wgsl } from '../wgsl.ts';
import {
  type GemmProblem,
  namedSizes,
  type Operand,
  resultBindings,
  storeStatements,
  tiledProduct,
  tileOfGroup,
  vectorBinding,
} from './problem.ts';
import { everyTile, type MatrixVariant, oneDispatch } from './variant.ts';

export interface SubgroupMatrixTile {
  /** Rows and columns of the result per workgroup. */
  readonly m: number;
  readonly n: number;
  /** Depth of the tiles in workgroup memory. */
  readonly k: number;
}

/** Subgroups of a workgroup, two by two. */
const DOWN = 2;
const ACROSS = 2;
/** Spare numbers between rows or columns of a tile, so that these begin at different banks. */
const SPARE = 8;

const invocationsOf = ({ subgroupSize }: Pick<DeviceFacts, 'subgroupSize'>): number =>
  DOWN * ACROSS * subgroupSize;

/** Bytes of workgroup memory: two tiles of f16, and the sums of f32. */
const bytesOf = ({ m, n, k }: SubgroupMatrixTile, { b }: Pick<GemmProblem, 'b'>): number =>
  2 * m * (k + SPARE) + 2 * (kRunsFirst(b) ? n * (k + SPARE) : k * (n + SPARE)) + 4 * m * n;

/** Whether neighbouring invocations load neighbours in k: an operand's tile has those side by side then. */
const kRunsFirst = ({ vectors, kFirst }: Operand): boolean =>
  vectors ? vectors.along === 'k' : kFirst === true;

export const subgroupMatrix: MatrixVariant<SubgroupMatrixTile> = {
  name: 'subgroupMatrix',
  tiles: { m: [32, 64, 128], n: [32, 64, 128], k: [16, 32] },
  fits(tile, problem, device) {
    const { a, b } = problem;
    const size = device.subgroupMatrix;
    if (!size || device.subgroupSize === 0)
      return 'needs an adapter with subgroup matrices, opened with them';
    if (a.binding.element !== 'f16' || b.binding.element !== 'f16') return 'multiplies f16 alone';
    if (tile.m % (DOWN * size.m) || tile.n % (ACROSS * size.n) || tile.k % size.k)
      return `its tile is not made of two by two matrices of ${size.m} x ${size.n} x ${size.k}`;
    const invocations = invocationsOf(device);
    if (invocations > device.maxWorkgroupInvocations)
      return `needs ${invocations} invocations a workgroup, the adapter has ${device.maxWorkgroupInvocations}`;
    if ((tile.m * tile.k) % (4 * invocations) || (tile.n * tile.k) % (4 * invocations))
      return `its tiles do not come out even among ${invocations} invocations`;
    const bytes = bytesOf(tile, problem);
    return bytes <= device.workgroupBytes
      ? true
      : `its tiles need ${bytes} bytes of workgroup memory, the adapter has ${device.workgroupBytes}`;
  },
  guess(problem, device) {
    const groups = ({ m, n }: SubgroupMatrixTile): number =>
      Math.ceil(problem.m / m) * Math.ceil(problem.n / n) * problem.z;
    const tiles = [
      { m: 64, n: 64, k: 32 },
      { m: 64, n: 32, k: 32 },
      { m: 32, n: 64, k: 32 },
      { m: 32, n: 32, k: 32 },
    ].filter((tile) => subgroupMatrix.fits(tile, problem, device) === true);
    // Products of few rows would leave most of a matrix empty.
    if (problem.m < 16) return null;
    return tiles.find((tile) => groups(tile) >= 128) ?? tiles.at(-1) ?? null;
  },
  lower: (problem, tile, device) => oneDispatch(problem, build(problem, tile, device)),
  tuning: {
    place: 1,
    families: (_, device) =>
      !device.software && device.subgroupMatrix ? [everyTile(subgroupMatrix.tiles).reverse()] : [],
  },
};

/**
 * Statements that bring a tile into `tile_…`. `outer`: rows of a, columns of b; `byOuter`: the terms of one of these side by
 * side, else the outer indices of one term.
 */
function stage(
  name: 'a' | 'b',
  operand: Operand,
  problem: GemmProblem,
  sizes: { outer: number; k: number; byOuter: boolean; invocations: number },
): { before: Wgsl[]; load: Wgsl[]; stride: number } {
  const { outer, k, byOuter, invocations } = sizes;
  const stride = (byOuter ? k : outer) + SPARE;
  const along = operand.vectors?.along;
  const [outers, ks] = [along === 'outer' ? outer / 4 : outer, along === 'k' ? k / 4 : k];
  // Neighbouring invocations read neighbouring numbers.
  const kFirst = kRunsFirst(operand);
  const fills = range((outers * ks) / invocations);
  const first = name === 'a' ? 'first_m' : 'first_n';
  const piece = (i: number): string => `(lane + ${i * invocations}u)`;
  const outerOf = (i: number): string => {
    const index = kFirst ? `${piece(i)} / ${ks}u` : `${piece(i)} % ${outers}u`;
    return along === 'outer' ? `(${index}) * 4u` : `(${index})`;
  };
  const kOf = (i: number): string => {
    const index = kFirst ? `${piece(i)} % ${ks}u` : `${piece(i)} / ${outers}u`;
    return along === 'k' ? `(${index}) * 4u` : `(${index})`;
  };
  const place = (i: number, c: number): string => {
    const [o, kk] = [outerOf(i), kOf(i)];
    const at = { o: along === 'outer' ? `(${o} + ${c}u)` : o, k: along === 'k' ? `(${kk} + ${c}u)` : kk };
    return byOuter ? `${at.o} * ${stride}u + ${at.k}` : `${at.k} * ${stride}u + ${at.o}`;
  };
  const zero = along === undefined ? '0.0' : 'vec4f()';
  const load = fills.map((i) => {
    const tags = [`_${name}${i}`, `_${name}k${i}`] as const;
    const value = operand.vectors ? operand.vectors.at(...tags) : operand.at(...tags);
    const at = `k_${name}${i}`;
    const guarded = problem.k % k === 0 ? value : `select(${zero}, ${value}, ${at} < K)`;
    const stores =
      along === undefined
        ? [code(`tile_${name}[${place(i, 0)}] = f16(value_${name}${i});`)]
        : range(4).map((c) => code(`tile_${name}[${place(i, c)}] = f16(value_${name}${i}.${'xyzw'[c]!});`));
    return wgsl`
      let ${code(at)} = k0 + ${code(kOf(i))};
      ${code(operand.inner(at, tags[1], 'z'))}
      let value_${code(name)}${i} = ${code(guarded)};
      ${stores}`;
  });
  const before = fills.map((i) => code(operand.outer(`(${first} + ${outerOf(i)})`, `_${name}${i}`, 'z')));
  return { before, load, stride };
}

function build(problem: GemmProblem, tile: SubgroupMatrixTile, device: DeviceFacts): Kernel {
  const { a, b } = problem;
  const size = device.subgroupMatrix!;
  const invocations = invocationsOf(device);
  // Matrices then load 16 bytes of a column at once. Where b's rows lie side by side, stores by columns would meet at few banks.
  const byColumns = kRunsFirst(b);
  const [stageA, stageB] = [
    stage('a', a, problem, { outer: tile.m, k: tile.k, byOuter: true, invocations }),
    stage('b', b, problem, { outer: tile.n, k: tile.k, byOuter: byColumns, invocations }),
  ];
  const tilesM = Math.ceil(problem.m / tile.m);
  const tilesN = Math.ceil(problem.n / tile.n);
  const rows = range(tile.m / DOWN / size.m);
  const columns = range(tile.n / ACROSS / size.n);
  const multiply = range(tile.k / size.k).flatMap((step) => [
    code('{'),
    ...rows.map((r) =>
      code(
        `let left${r} = subgroupMatrixLoad<Left, row_major>(&tile_a, (own_m + ${r * size.m}u) * ${stageA.stride}u + ${step * size.k}u, ${stageA.stride}u);`,
      ),
    ),
    ...columns.map((c) =>
      code(
        byColumns
          ? `let right${c} = subgroupMatrixLoad<Right, col_major>(&tile_b, (own_n + ${c * size.n}u) * ${stageB.stride}u + ${step * size.k}u, ${stageB.stride}u);`
          : `let right${c} = subgroupMatrixLoad<Right, row_major>(&tile_b, ${step * size.k * stageB.stride}u + own_n + ${c * size.n}u, ${stageB.stride}u);`,
      ),
    ),
    ...rows.flatMap((r) =>
      columns.map((c) =>
        code(`sum${r}_${c} = subgroupMatrixMultiplyAccumulate(left${r}, right${c}, sum${r}_${c});`),
      ),
    ),
    code('}'),
  ]);
  const keep = rows.flatMap((r) =>
    columns.map((c) =>
      code(
        `subgroupMatrixStore<row_major>(&sums, (own_m + ${r * size.m}u) * ${tile.n}u + own_n + ${c * size.n}u, sum${r}_${c}, ${tile.n}u);`,
      ),
    ),
  );
  const store = storeStatements(problem, { m: 'm', z: 'z', column: 'to' }, 'sum', '');
  return makeKernel({
    label: `${problem.label} subgroupMatrix ${tile.m}x${tile.n}x${tile.k}`,
    bindings: [vectorBinding(a), vectorBinding(b), ...resultBindings(problem)],
    ...tiledProduct(problem, tilesM, tilesN),
    enables: ['f16', 'subgroups', 'chromium_experimental_subgroup_matrix'],
    wgsl: wgsl`
      // A workgroup owns ${tile.m} rows x ${tile.n} columns, each of its ${DOWN} x ${ACROSS} subgroups a quarter.
      // tile_a [row][k], tile_b ${code(byColumns ? '[column][k]' : '[k][column]')}, sums [row][column].
      alias Left = subgroup_matrix_left<f16, ${size.k}, ${size.m}>;
      alias Right = subgroup_matrix_right<f16, ${size.n}, ${size.k}>;
      alias Sum = subgroup_matrix_result<f32, ${size.n}, ${size.m}>;
      var<workgroup> tile_a: array<f16, ${tile.m * stageA.stride}>;
      var<workgroup> tile_b: array<f16, ${(byColumns ? tile.n : tile.k) * stageB.stride}>;
      var<workgroup> sums: array<f32, ${tile.m * tile.n}>;
      // Control flow is uniform in a subgroup, which the compiler cannot prove of what a lane's index decides.
      @diagnostic(off, chromium.subgroup_matrix_uniformity)
      @compute @workgroup_size(${invocations})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        ${tileOfGroup(problem)}
        ${namedSizes(problem)}
        let down = within / sizes.tiles_n;
        let first_m = down * ${tile.m}u;
        let first_n = (within - down * sizes.tiles_n) * ${tile.n}u;
        let subgroup = lane / ${device.subgroupSize}u;
        let own_m = subgroup / ${ACROSS}u * ${tile.m / DOWN}u;
        let own_n = subgroup % ${ACROSS}u * ${tile.n / ACROSS}u;
        ${stageA.before}
        ${stageB.before}
        ${rows.flatMap((r) => columns.map((c) => code(`var sum${r}_${c} = Sum();`)))}

        for (var k0 = 0u; k0 < K; k0 += ${tile.k}u) {
          {
            ${stageA.load}
            ${stageB.load}
          }
          workgroupBarrier();
          ${multiply}
          workgroupBarrier();
        }

        ${keep}
        workgroupBarrier();
        for (var i = lane; i < ${tile.m * tile.n}u; i += ${invocations}u) {
          let m = first_m + i / ${tile.n}u;
          let n = first_n + i % ${tile.n}u;
          if (m >= M || n >= N) { continue; }
          let sum = sums[i];
          let to = ${code(problem.store.column('n'))};
          ${store}
        }
      }`,
  });
}
