/**
 * The weight gradient of a convolution on CPU adapters, over operands packed into textures (`pixelTexture.ts`): a sum over
 * positions of outer products. A lane of dy's texel holds four output channels, a lane of x's four input channels at
 * one tap; per position two loads feed 32 x 32 multiply-adds, all of them between registers.
 */
import { range } from '../../../shape.ts';
import {
  type DeviceFacts,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  readTexture,
  textureWords,
  UNKNOWN_ZERO,
  write,
} from '../../kernel.ts';
import { code, wgsl } from '../../wgsl.ts';
import { type GemmProblem, gemmFlops } from '../problem.ts';
import { splitK } from '../splitK.ts';
import { everyTile, type Product, type Variant } from '../variant.ts';
import { type Correlation, channelQuads, everyPlace } from './correlation.ts';
import { firstTexel, packPixels, pixelTexture, tapShift } from './pixelTexture.ts';
import { LEAST_FLOPS, packs, packsAtAll, texturesFit } from './texturesFit.ts';

export interface TextureOuterTile {
  /** Quads of output channels per workgroup, at most one a lane. */
  readonly quads: 2 | 4 | 8;
  /** Positions per loop iteration, a divisor of all: more positions store and reload the sums less often. */
  readonly positions: 1 | 2;
}

const guessTextureOuter = (p: Correlation, lanes: number): TextureOuterTile => ({
  quads: p.rows > 16 && lanes >= 8 ? 8 : p.rows > 8 ? 4 : 2,
  // Four are no faster, and their text takes longer to compile.
  positions: (p.y.out * p.x.out) % 2 === 0 ? 2 : 1,
});

/** dy without padding, as its own image: every position once. */
const gradientPixels = (p: Correlation): Correlation => {
  return { images: p.images, channels: p.rows, rows: 1, y: everyPlace(p.y.out), x: everyPlace(p.x.out) };
};

/** Number of parts that the sum over positions is cut into, so that every core has work. */
function outerSplits(p: Correlation, tile: TextureOuterTile, lanes: number): number {
  const columns = channelQuads(p) * p.y.taps * p.x.taps;
  const groups = Math.ceil(p.rows / (4 * tile.quads)) * Math.ceil(columns / lanes);
  const turns = p.images * ((p.y.out * p.x.out) / tile.positions);
  return Math.max(1, Math.min(Math.ceil(16 / groups), Math.floor(turns / 64)));
}

export const textureOuter: Variant<TextureOuterTile> = {
  name: 'textureOuter',
  tiles: { quads: [2, 4, 8], positions: [1, 2] },
  fits(tile, problem, device) {
    const p = problem.gradientOf;
    const packed = packsBoth(problem, device);
    if (!p || packed !== true) return packed;
    if (tile.quads > device.subgroupSize) return `has ${tile.quads} quads of channels and fewer lanes`;
    if ((p.y.out * p.x.out) % tile.positions !== 0) return 'its turns do not come out even';
    return true;
  },
  guess: (problem, device) =>
    packsBoth(problem, device) === true && gemmFlops(problem) >= LEAST_FLOPS
      ? guessTextureOuter(problem.gradientOf!, device.subgroupSize)
      : null,
  lower(problem, tile, device) {
    const p = problem.gradientOf!;
    const { label } = problem;
    const dy = gradientPixels(p);
    const splits = outerSplits(p, tile, device.subgroupSize);
    const [pixels, gradients, parts] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
    const pack = [
      { kernel: packPixels(label, p, device, problem.b.binding.element), operands: [0, pixels] },
      {
        kernel: packPixels(`${label} dy`, dy, device, problem.a.binding.element),
        operands: [1, gradients],
      },
    ];
    const outer = buildTextureOuter(problem, p, tile, splits, device);
    const scratch = [textureWords(pixelTexture(p)), textureWords(pixelTexture(dy))];
    if (splits === 1)
      return { steps: [...pack, { kernel: outer, operands: [gradients, pixels, 'out'] }], scratch };
    const { total, words } = splitK(problem, splits, device);
    return {
      steps: [
        ...pack,
        { kernel: outer, operands: [gradients, pixels, parts] },
        { kernel: total, operands: [parts, 'out'] },
      ],
      scratch: [...scratch, words],
    };
  },
  tuning: {
    place: 3,
    families: (op, device) =>
      packsAtAll(device) && op === 'conv2dWeightGrad' ? [everyTile(textureOuter.tiles)] : [],
  },
};

/** True, or why x and dy cannot be packed. */
function packsBoth(problem: Product, device: DeviceFacts): true | string {
  const p = problem.gradientOf;
  if (!p) return 'is no weight gradient';
  const packed = packs(problem, p, device);
  return packed === true ? texturesFit(gradientPixels(p), device) : packed;
}

/** Stores part s of weight (m, n) at `problem.store(m, n)` + s words of the result. */
function buildTextureOuter(
  problem: GemmProblem,
  p: Correlation,
  tile: TextureOuterTile,
  splits: number,
  { subgroupSize: lanes }: Pick<DeviceFacts, 'subgroupSize'>,
): Kernel {
  const gradients = gradientPixels(p);
  const dy = pixelTexture(gradients);
  const x = pixelTexture(p);
  const taps = p.y.taps * p.x.taps;
  const columns = channelQuads(p) * taps;
  const groupsM = Math.ceil(p.rows / (4 * tile.quads));
  const groupsN = Math.ceil(columns / lanes);
  const size = problem.m * problem.n;
  const perImage = (p.y.out * p.x.out) / tile.positions;
  const positions = range(tile.positions);
  const loads = positions.map((u) =>
    code(`let p${u} = p + ${u}u;
let dy${u} = textureLoad(dy, ${firstTexel(gradients, `p${u}`)} + ${tapShift(gradients, '(first_m + lane)', '0u', '0u')}, image);
let x${u} = textureLoad(x, ${firstTexel(p, `p${u}`)} + shift, image);`),
  );
  const rows = range(tile.quads * 4);
  const products = range(tile.quads).map((q) => {
    const term = (u: number, c: number): string => `a${q}_${u}.${'xyzw'[c]!} * x${u}`;
    return wgsl`
      ${positions.map((u) => wgsl`let a${q}_${u} = subgroupBroadcast(dy${u}, ${q}u);`)}
      ${range(4).map((c) => wgsl`sum${q * 4 + c} += ${code(positions.map((u) => term(u, c)).join(' + '))};`)}`;
  });
  const store = (c: number) =>
    code(`if (column < ${columns}u && quad * 4u + ${c}u < ${p.channels}u) {
  let n = (quad * 4u + ${c}u) * ${taps}u + column % ${taps}u;
  out[part * ${size}u + ${problem.store.row('m', '0u')} + ${problem.store.column('n')}] = results[r].${'xyzw'[c]!};
}`);
  return makeKernel({
    label: `${problem.label} textureOuter ${tile.quads * 4}x${lanes * 4}`,
    bindings: [readTexture('dy', dy), readTexture('x', x), write('out', splits * size)],
    grid: linearGrid(groupsM * groupsN * splits),
    sizes: { splits, turns: p.images * perImage },
    flops: gemmFlops(problem),
    enables: ['subgroups'],
    wgsl: wgsl`
      // dy and x as pixelTexture.ts packs them: four channels a texel; out [part][m][n].
      // One subgroup owns ${tile.quads * 4} output channels and ${lanes} pairs (input channel quad, tap), one a lane.
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
        let tile = ${code(GROUP_INDEX)};
        let part = tile / ${groupsM * groupsN}u;
        if (part >= sizes.splits) { return; }
        let first_m = tile % ${groupsM}u * ${tile.quads}u;
        let column = tile % ${groupsM * groupsN}u / ${groupsM}u * ${lanes}u + lane;
        let quad = column / ${taps}u;
        let shift = ${code(tapShift(p, 'quad', `(column % ${taps}u / ${p.x.taps}u)`, `(column % ${p.x.taps}u)`))};
        ${rows.map((r) => code(`var sum${r} = vec4f();`))}

        let last = (part + 1u) * sizes.turns / sizes.splits;
        for (var turn = part * sizes.turns / sizes.splits; turn < last; turn++) {
          let image = turn / ${perImage}u;
          let p = turn % ${perImage}u * ${tile.positions}u;
          ${loads}
          ${products}
        }

        var results: array<vec4f, ${tile.quads * 4}>;
        ${rows.map((r) => code(`results[${r}] = sum${r};`))}
        let last_r = min(${tile.quads * 4}u, ${p.rows}u - first_m * 4u);
        for (var r = ${code(UNKNOWN_ZERO)}; r < last_r; r++) {
          let m = first_m * 4u + r;
          ${range(4).map(store)}
        }
      }`,
  });
}
