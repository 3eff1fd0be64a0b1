/**
 * No subgroups, no workgroup memory: one invocation owns one column and a few rows. For products with hardly
 * any rows (depthwise convolutions, blurs), and for CPU adapters without subgroups.
 */
import { range } from '../../shape.ts';
import { type Kernel, makeKernel } from '../kernel.ts';
import { code, wgsl } from '../wgsl.ts';
import {
  type GemmProblem,
  gemmBindings,
  namedSizes,
  storeStatements,
  tiledProduct,
  tileOfGroup,
} from './problem.ts';
import { everyTile, type MatrixVariant, oneDispatch } from './variant.ts';

export interface PlainTile {
  readonly rows: number;
}

const LANES = 64;

export const plain: MatrixVariant<PlainTile> = {
  name: 'plain',
  tiles: { rows: [1, 2, 4, 8] },
  fits: () => true,
  guess(problem, device) {
    if (device.software ? device.subgroupSize >= 4 : problem.m > 4) return null;
    return { rows: problem.m >= 8 ? 8 : problem.m >= 4 ? 4 : problem.m >= 2 ? 2 : 1 };
  },
  lower: (problem, tile) => oneDispatch(problem, build(problem, tile)),
  tuning: {
    place: 5,
    families: (_, { software, subgroupSize }) =>
      software && subgroupSize >= 4 ? [] : [everyTile(plain.tiles)],
  },
};

function build(problem: GemmProblem, { rows }: PlainTile): Kernel {
  const { a, b } = problem;
  const tilesM = Math.ceil(problem.m / rows);
  const tilesN = Math.ceil(problem.n / LANES);
  const rowSetup = range(rows).map((r) =>
    code(`${a.outer(`(first_m + ${r}u)`, `_m${r}`, 'z')}\nvar sum${r} = 0.0;`),
  );
  const products = range(rows).map((r) => code(`sum${r} += ${a.at(`_m${r}`, '_ka')} * value;`));
  const stores = range(rows).map((r) => {
    const store = storeStatements(
      problem,
      { m: `(first_m + ${r}u)`, z: 'z', column: 'to' },
      `sum${r}`,
      `${r}`,
    );
    return code(`if (first_m + ${r}u < M) {\n${store.text}\n}`, ...store.functions);
  });
  return makeKernel({
    label: `${problem.label} plain ${rows}`,
    bindings: gemmBindings(problem),
    ...tiledProduct(problem, tilesM, tilesN),
    wgsl: wgsl`
      // One invocation owns column n and ${rows} rows; neighbouring lanes read neighbouring columns.
      @compute @workgroup_size(${LANES})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        ${tileOfGroup(problem)}
        ${namedSizes(problem)}
        let down = within / sizes.tiles_n;
        let first_m = down * ${rows}u;
        let n = (within - down * sizes.tiles_n) * ${LANES}u + lane;
        if (n >= N) { return; }
        ${code(b.outer('n', '_n', 'z'))}
        ${rowSetup}
        for (var k = 0u; k < K; k++) {
          ${code(a.inner('k', '_ka', 'z'))}
          ${code(b.inner('k', '_kb', 'z'))}
          let value = ${code(b.at('_n', '_kb'))};
          ${products}
        }
        let to = ${code(problem.store.column('n'))};
        ${stores}
      }`,
  });
}
