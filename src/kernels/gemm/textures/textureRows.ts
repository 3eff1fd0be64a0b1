/**
 * The product of a convolution on CPU adapters, over operands packed into textures (`correlation.ts`). One subgroup is
 * one workgroup: lanes are neighbouring positions; each lane loads four channels of one row of weights, which a
 * broadcast hands to all. For four channels a tile of 16 rows x 32 columns takes 6 loads and 256 multiply-adds of
 * 8 lanes; its 64 sums spill from the registers, which costs less than the loads that a smaller tile would add.
 */
import { range } from '../../../shape.ts';
import {
  type DeviceFacts,
  type Kernel,
  makeKernel,
  readTexture,
  textureWords,
  UNKNOWN_ZERO,
} from '../../kernel.ts';
import { code, wgsl } from '../../wgsl.ts';
import {
  extraAt,
  type GemmProblem,
  gemmFlops,
  perChannel,
  resultBindings,
  storeStatements,
  tiledProduct,
  tileOfGroup,
} from '../problem.ts';
import { everyTile, type Variant } from '../variant.ts';
import { storedInBlocks, storesInBlocks } from './blockStore.ts';
import { type Correlation, channelQuads } from './correlation.ts';
import { blocksOf, firstTexel, packPixels, pixelTexture, tapShift } from './pixelTexture.ts';
import { LEAST_FLOPS, packs, packsAtAll } from './texturesFit.ts';
import { packWeights, weightShift, weightTexel, weightTexture } from './weightTexture.ts';

export interface TextureRowsTile {
  /** Rows of the result per workgroup in units of the subgroup's lanes. */
  readonly rows: 1 | 2;
  /** Columns per lane. */
  readonly columns: 1 | 2 | 3 | 4;
}

/** Workgroups below which the adapter's cores are not busy. */
const ENOUGH_GROUPS = 16;

/** Nanoseconds that one texel of k takes for all m x n results: loads and multiply-adds as measured on lavapipe, one core. */
export function textureRowsCost(
  m: number,
  n: number,
  lanes: number,
  { rows, columns }: TextureRowsTile,
): number {
  const tiles = Math.ceil(m / (rows * lanes)) * Math.ceil(n / (columns * lanes));
  return tiles * (rows * (11 + 12) + columns * 11 + rows * columns * lanes * 4 * 0.42);
}

/**
 * The largest tile that wastes least, for `products` products of m rows and n columns: measured on lavapipe, 16 x 32
 * runs at 18.9 GFLOP/s a core, 8 x 16 at 11.7.
 */
export function guessTextureRows(m: number, n: number, lanes: number, products = 1): TextureRowsTile {
  const cost = (tile: TextureRowsTile): number => textureRowsCost(m, n, lanes, tile);
  const all = ([2, 1] as const).flatMap((rows) =>
    ([4, 3, 2, 1] as const).map((columns) => ({ rows, columns })),
  );
  const groups = (t: TextureRowsTile): number =>
    products * Math.ceil(m / (t.rows * lanes)) * Math.ceil(n / (t.columns * lanes));
  const busy = all.filter((tile) => groups(tile) >= ENOUGH_GROUPS);
  return (busy.length > 0 ? busy : all.slice(-1)).reduce((best, tile) =>
    cost(tile) < cost(best) ? tile : best,
  );
}

/** Least number of tiles of lanes x lanes results. Below it, cutting long sums (`splitK`) keeps more cores busy. */
const FEWEST_TILES = 8;

export const textureRows: Variant<TextureRowsTile> = {
  name: 'textureRows',
  tiles: { rows: [1, 2], columns: [1, 2, 3, 4] },
  fits: (_, problem, device) =>
    problem.correlated
      ? packs(problem, problem.correlated.correlation, device)
      : 'is not one correlation of pixels with weights',
  guess(problem, device) {
    const { m, n } = problem;
    const lanes = device.subgroupSize;
    const p = problem.correlated?.correlation;
    if (!p || packs(problem, p, device) !== true || gemmFlops(problem) < LEAST_FLOPS) return null;
    return Math.ceil(m / lanes) * Math.ceil(n / lanes) < FEWEST_TILES ? null : guessTextureRows(m, n, lanes);
  },
  lower(problem, tile, device) {
    const { correlation: p, layout, strides, ...inputs } = problem.correlated!;
    const { label, a, b } = problem;
    const [pixels, weights] = [{ scratch: 0 }, { scratch: 1 }];
    return {
      steps: [
        {
          kernel: packPixels(label, p, device, b.binding.element, strides),
          operands: [inputs.pixels, pixels],
          ...(!strides && b.binding.element === 'f32' && { packs: blocksOf(p) }),
        },
        {
          kernel: packWeights(label, p, layout, device, a.binding.element),
          operands: [inputs.weights, weights],
        },
        {
          kernel: buildTextureRows(problem, p, tile, device),
          operands: [weights, pixels, ...(problem.epilogue?.inputs ?? []), 'out'],
          ...(problem.conv &&
            storesInBlocks(problem) && {
              inBlocks: (blocks) => buildTextureRows(storedInBlocks(problem, blocks), p, tile, device),
            }),
        },
      ],
      scratch: [textureWords(pixelTexture(p)), textureWords(weightTexture(p))],
    };
  },
  tuning: {
    place: 3,
    families: (op, device) =>
      packsAtAll(device) && op !== 'conv2dWeightGrad' ? [everyTile(textureRows.tiles)] : [],
  },
};

/** `problem` gives the result's sizes, store and epilogue; `p` how the packed operands are read. */
export function buildTextureRows(
  problem: GemmProblem,
  p: Correlation,
  tile: TextureRowsTile,
  { subgroupSize: lanes }: Pick<DeviceFacts, 'subgroupSize'>,
): Kernel {
  const rows = tile.rows * lanes;
  const width = tile.columns * lanes;
  const tilesM = Math.ceil(problem.m / rows);
  const tilesN = Math.ceil(problem.n / width);
  const frame = tiledProduct(problem, tilesM, tilesN);
  const columns = range(tile.columns);
  const vector = tile.columns === 1 ? 'f32' : `vec${tile.columns}f`;
  const layer = (c: number): string => (problem.z === 1 ? `image${c}` : `z * sizes.images + image${c}`);
  const place = columns.map((c) =>
    code(
      p.images === 1 && p.y.out === 1
        ? `let n${c} = first_n + ${c * lanes}u;
let image${c} = 0u;
let at${c} = ${firstTexel(p, `n${c}`)};`
        : `let n${c} = first_n + ${c * lanes}u;
let image${c} = n${c} / ${p.y.out * p.x.out}u;
let at${c} = ${firstTexel(p, `(n${c} % ${p.y.out * p.x.out}u)`)};`,
    ),
  );
  const rowTexels = range(tile.rows).map((r) =>
    code(`let row${r} = ${weightTexel(p, `(first_m + lane + ${r * lanes}u)`)};`),
  );
  const sums = range(rows).map((r) => code(columns.map((c) => `var sum${r}_${c} = 0.0;`).join('  ')));
  const loads = [
    ...range(tile.rows).map((r) =>
      code(`let w${r} = textureLoad(weights, row${r} + step, ${problem.z === 1 ? '0u' : 'z'});`),
    ),
    ...columns.map((c) => code(`let x${c} = textureLoad(pixels, at${c} + shift, ${layer(c)});`)),
  ];
  const products = range(rows).map(
    (r) => wgsl`
      let a${r} = subgroupBroadcast(w${Math.floor(r / lanes)}, ${r % lanes}u);
      ${columns.map((c) => wgsl`sum${r}_${c} += dot(a${r}, x${c});`)}`,
  );
  // One store's text in a loop instead of one per row: each costs a CPU adapter's compiler some 20 ms.
  const kept = range(rows).map((r) =>
    code(`results[${r}] = ${vector}(${columns.map((c) => `sum${r}_${c}`).join(', ')});`),
  );
  // Scale and shift are loaded once a row, not once a result.
  const ofRow = new Map(perChannel(problem).map((i) => [i, `ofRow${i}`]));
  const rowLoads = [...ofRow].map(([i, name]) =>
    code(`let ${name} = ${extraAt(problem, i, 'first_m + r')};`),
  );
  const stores = columns.map((c) => {
    const names = { m: '(first_m + r)', z: 'z', column: `to${c}` };
    const store = storeStatements(problem, names, `result${c}`, `${c}`, ofRow);
    const body = `let result${c} = results[r]${tile.columns === 1 ? '' : `.${'xyzw'[c]!}`};\n${store.text}`;
    return code(
      problem.n % width === 0 ? `{\n${body}\n}` : `if (n${c} < N) {\n${body}\n}`,
      ...store.functions,
    );
  });
  return makeKernel({
    label: `${problem.label} textureRows ${rows}x${width}`,
    bindings: [
      readTexture('weights', weightTexture(p)),
      readTexture('pixels', pixelTexture(p)),
      ...resultBindings(problem),
    ],
    ...frame,
    sizes: { ...frame.sizes, images: p.images, quads: channelQuads(p) },
    enables: ['subgroups'],
    wgsl: wgsl`
      // weights and pixels as weightTexture.ts and pixelTexture.ts pack them: four channels a texel.
      // One subgroup of ${lanes} lanes owns ${rows} rows x ${width} columns of product z; lane l has columns l, l + ${lanes}, ...
      const TAPS_Y = ${p.y.taps}u;  const TAPS_X = ${p.x.taps}u;
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
        ${tileOfGroup(problem)}
        let M = sizes.m;  let N = sizes.n;  ${code(problem.kVaries ? 'let QUADS = sizes.quads;' : `const QUADS = ${channelQuads(p)}u;`)}
        // Neighbouring workgroups share the rows of weights: 5 % faster than sharing the columns.
        let down = within / sizes.tiles_n;
        let first_m = down * ${rows}u;
        let first_n = (within - down * sizes.tiles_n) * ${width}u + lane;
        ${place}
        ${rowTexels}
        ${sums}

        var k = 0u;
        for (var quad = 0u; quad < QUADS; quad++) {
          for (var ty = 0u; ty < TAPS_Y; ty++) {
            for (var tx = 0u; tx < TAPS_X; tx++) {
              let shift = ${code(tapShift(p, 'quad', 'ty', 'tx'))};
              let step = ${code(weightShift(p, 'k'))};
              ${loads}
              ${products}
              k++;
            }
          }
        }

        var results: array<${code(vector)}, ${rows}>;
        ${kept}
        ${columns.map((c) => code(`let to${c} = ${problem.store.column(`n${c}`)};`))}
        let last_r = min(${rows}u, M - first_m);
        for (var r = ${code(UNKNOWN_ZERO)}; r < last_r; r++) {
          ${rowLoads}
          ${stores}
        }
      }`,
  });
}
