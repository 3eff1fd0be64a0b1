/**
 * The frame of all attention kernels. A lane owns tokens of one side (queries, or keys) and keeps their channels in
 * registers, sweeps over all tokens of the other side, and stores what it gathered: no lane waits for another's
 * result, each sum has one order, and the weights exist one at a time.
 *
 * On a CPU adapter a workgroup is one subgroup. Its lanes load one token of the other side together, four channels
 * each, and broadcasts hand them to all (docs/kernels/attention.md). On a GPU a workgroup takes some of those tokens
 * into its own memory first.
 */
import { range } from '../shape.ts';
import {
  type Binding,
  type DeviceFacts,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  read,
  readTexture,
  TEXTURE_ALIGN,
  UNKNOWN_ZERO,
} from './kernel.ts';
import type { TensorSpec } from './lowering.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** Sizes of one attention: q [queryImages, queries, heads depth], k and v [images, keys, heads depth]. */
export interface AttentionSizes {
  readonly images: number;
  readonly queryImages: number;
  readonly heads: number;
  readonly depth: number;
  readonly queries: number;
  readonly keys: number;
}

export type Side = 'queries' | 'keys';

/** One operand [images, tokens, channels], and which tokens it holds. */
export interface TokenOperand {
  readonly name: string;
  readonly side: Side;
  readonly spec: TensorSpec;
}

export interface SweepPlan {
  /** Lanes of a workgroup, tokens that a lane owns, and tokens that it meets at a time. */
  readonly lanes: number;
  readonly rows: number;
  readonly step: number;
  /** Tokens in a workgroup's memory at a time; 0 where subgroups broadcast. */
  readonly tile: number;
  /** Operands are read as textures. */
  readonly textures: boolean;
}

const GPU_LANES = 64;
const GPU_TILE = 32;
/** Tokens met at a time: as fast as four, and half the text to compile. */
const STEP = 2;
/** Most tokens, and quads of their vectors, that a lane of a CPU adapter keeps. More would spill and compile longer. */
const MOST_ROWS = 5;
const MOST_QUADS = 80;

/** @param kept vectors of a head's channels that a lane keeps for each owned token. */
export function planSweep(
  sizes: AttentionSizes,
  operands: readonly TokenOperand[],
  own: Side,
  kept: number,
  device: DeviceFacts,
): SweepPlan {
  const quads = quadsOf(sizes);
  if (device.software && device.subgroupSize >= 4) {
    const lanes = device.subgroupSize;
    const textures = operands.every((operand) => fitsTexture(operand, sizes, device));
    // Four loads per quad, repeated for several tokens, would compile for minutes.
    if (!textures) return { lanes, rows: 1, step: 1, tile: 0, textures };
    const rows = rowsFor(own === 'queries' ? sizes.queries : sizes.keys, lanes, kept * quads);
    return { lanes, rows, step: STEP, tile: 0, textures };
  }
  const swept = operands.filter(({ side }) => side !== own).length;
  const fitting = Math.floor(device.workgroupBytes / (swept * quads * 16));
  const tile = Math.max(1, Math.min(GPU_TILE, fitting - (fitting % STEP)));
  return { lanes: GPU_LANES, rows: 1, step: Math.min(STEP, tile), tile, textures: false };
}

/** Loads and broadcasts of a block of tokens cost about as much as the arithmetic of one token a lane. */
function rowsFor(tokens: number, lanes: number, quads: number): number {
  const cost = (rows: number): number => Math.ceil(tokens / (lanes * rows)) * (rows + 1);
  const most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_QUADS / quads)));
  return range(most)
    .map((i) => most - i)
    .reduce((best, rows) => (cost(rows) < cost(best) ? rows : best));
}

/** A row of channels is a multiple of the texture alignment, so that the memory can be copied to a texture unchanged. */
function fitsTexture({ spec }: TokenOperand, { depth }: AttentionSizes, device: DeviceFacts): boolean {
  const [images, tokens, channels] = spec.shape as [number, number, number];
  return (
    spec.element === 'f32' &&
    depth % 4 === 0 &&
    channels % (4 * TEXTURE_ALIGN) === 0 &&
    Math.max(channels / 4, tokens) <= device.maxImageSide &&
    images <= device.maxImageLayers
  );
}

export const quadsOf = ({ depth }: AttentionSizes): number => Math.ceil(depth / 4);
const channelsOf = ({ heads, depth }: AttentionSizes): number => heads * depth;

/** Channels 4u to 4u + 3 of an operand at the other token t of a step, as an expression of vec4f. */
export type Swept = (name: string, t: number, u: number) => Wgsl;

export interface Sweep {
  readonly label: string;
  readonly sizes: AttentionSizes;
  readonly plan: SweepPlan;
  readonly own: Side;
  /** In the order of their bindings. */
  readonly operands: readonly TokenOperand[];
  /** Further bindings, and the result's. */
  readonly extras: readonly Binding[];
  readonly out: Binding;
  /** Which of the other tokens the workgroup meets, from its `block` of owned ones; by default all. */
  readonly span?: { readonly from?: Wgsl; readonly to?: Wgsl };
  /** Once per workgroup, after `image`, `head` and `batch` (image heads + head) are known. */
  readonly before?: Wgsl;
  /** Once per owned token, whose index is `own{r}` and `token{r}` where that is beyond the last one. */
  readonly start: (r: number) => Wgsl;
  /** For `step` tokens from `other` on. */
  readonly body: (swept: Swept) => Wgsl;
  /** What is stored for an owned token: the four channels u of owned token r, and where they begin in `out`. */
  readonly results: readonly { readonly value: (r: number, u: number) => Wgsl; readonly offset: number }[];
  /** Stored instead of `results`: numbers of each owned token and head. */
  readonly perToken?: (r: number) => readonly Wgsl[];
  readonly flops: number;
}

/** Four channels u (an expression) of `token` of an operand, as an expression of vec4f. */
export function quadOf(
  operand: TokenOperand,
  sizes: AttentionSizes,
  textures: boolean,
  token: Wgsl,
  u: Wgsl,
): Wgsl {
  const { depth } = sizes;
  const quads = quadsOf(sizes);
  const [count, tokens] = operand.spec.shape as [number, number, number];
  const name = code(operand.name);
  const image = code(count === 1 ? '0u' : 'image');
  if (textures) return wgsl`textureLoad(${name}, vec2u(head * ${quads}u + ${u}, ${token}), ${image})`;
  const first = wgsl`(${image} * ${tokens}u + ${token}) * ${channelsOf(sizes)}u + head * ${depth}u + 4u * ${u}`;
  const part = (c: number): Wgsl => {
    const value = wgsl`f32(${name}[${first} + ${c}u])`;
    return depth % 4 === 0 ? value : wgsl`select(0.0, ${value}, 4u * ${u} + ${c}u < ${depth}u)`;
  };
  return wgsl`vec4f(${part(0)}, ${part(1)}, ${part(2)}, ${part(3)})`;
}

export function buildSweep(sweep: Sweep): Kernel {
  const { label, sizes, plan, own, operands, extras, out } = sweep;
  const { lanes, rows, tile, textures } = plan;
  const [owned, others] = own === 'queries' ? [sizes.queries, sizes.keys] : [sizes.keys, sizes.queries];
  const blocks = Math.ceil(owned / (lanes * rows));
  const groups = sizes.images * sizes.heads * blocks;
  const bindings = operands.map(({ name, spec }): Binding => {
    const [n, tokens, channels] = spec.shape as [number, number, number];
    return textures
      ? readTexture(name, { width: channels / 4, height: tokens, layers: n })
      : read(name, n * tokens * channels, spec.element);
  });
  const places = range(rows).map(
    (r) => wgsl`
      let own${r} = block * ${lanes * rows}u + lane + ${r * lanes}u;
      let token${r} = min(own${r}, ${owned - 1}u);`,
  );
  const loop = tile === 0 ? subgroupLoop(sweep, others) : tileLoop(sweep, others);
  const lane = tile === 0 ? 'subgroup_invocation_id' : 'local_invocation_index';
  return makeKernel({
    label,
    bindings: [...bindings, ...extras, out],
    grid: linearGrid(groups),
    flops: sweep.flops,
    enables: tile === 0 ? ['subgroups'] : [],
    wgsl: wgsl`
      // Tokens [image][token][head][${sizes.depth}]. A workgroup has ${lanes * rows} ${code(own)} of one head of one image, ${rows} a lane.
      ${loop.memory}
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(${code(lane)}) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= ${groups}u) { return; }
        let block = group % ${blocks}u;
        let batch = group / ${blocks}u;
        let head = batch % ${sizes.heads}u;
        let image = batch / ${sizes.heads}u;
        ${sweep.before ?? code('')}
        ${places}
        ${range(rows).map(sweep.start)}
        ${loop.text}
        ${stores(sweep, owned)}
      }`,
  });
}

const spanOf = ({ span }: Sweep, others: number): { from: Wgsl; to: Wgsl } => ({
  from: span?.from ?? code('0u'),
  to: span?.to ?? wgsl`${others}u`,
});

interface Loop {
  readonly memory: Wgsl;
  readonly text: Wgsl;
}

/** Lane l loads quads l, l + lanes, ... of each token; a broadcast hands each to all lanes. */
function subgroupLoop(sweep: Sweep, others: number): Loop {
  const { sizes, plan, own, operands, body } = sweep;
  const { from, to } = spanOf(sweep, others);
  const { lanes, step, textures } = plan;
  const fetches = range(Math.ceil(quadsOf(sizes) / lanes));
  const next = range(step).map((t) => wgsl`let next${t} = min(other + ${t}u, ${others - 1}u);`);
  const loads = operands
    .filter(({ side }) => side !== own)
    .flatMap((operand) =>
      range(step).flatMap((t) =>
        fetches.map((f) => {
          const quad = quadOf(operand, sizes, textures, wgsl`next${t}`, wgsl`(lane + ${f * lanes}u)`);
          return wgsl`let ${code(operand.name)}${t}_part${f} = ${quad};`;
        }),
      ),
    );
  const swept: Swept = (name, t, u) =>
    wgsl`subgroupBroadcast(${code(name)}${t}_part${Math.floor(u / lanes)}, ${u % lanes}u)`;
  return {
    memory: code(''),
    text: wgsl`
      for (var other = ${from}; other < ${to}; other += ${step}u) {
        ${next}
        ${loads}
        ${body(swept)}
      }`,
  };
}

/** The workgroup loads `tile` tokens at a time into its memory, where all lanes read them. */
function tileLoop(sweep: Sweep, others: number): Loop {
  const { sizes, plan, own, operands, body } = sweep;
  const { from, to } = spanOf(sweep, others);
  const { lanes, step, tile } = plan;
  const quads = quadsOf(sizes);
  const sweptOperands = operands.filter(({ side }) => side !== own);
  const fills = sweptOperands.map((operand) => {
    const token = wgsl`min(first + e / ${quads}u, ${others - 1}u)`;
    return wgsl`tile_${code(operand.name)}[e] = ${quadOf(operand, sizes, false, token, wgsl`(e % ${quads}u)`)};`;
  });
  const swept: Swept = (name, t, u) => wgsl`tile_${code(name)}[(other - first + ${t}u) * ${quads}u + ${u}u]`;
  const memory = sweptOperands.map(
    ({ name }) => wgsl`var<workgroup> tile_${code(name)}: array<vec4f, ${tile * quads}>;`,
  );
  return {
    memory: wgsl`${memory}`,
    text: wgsl`
      for (var first = ${from}; first < ${to}; first += ${tile}u) {
        workgroupBarrier();
        for (var e = lane; e < ${tile * quads}u; e += ${lanes}u) {
          ${fills}
        }
        workgroupBarrier();
        for (var other = first; other < min(first + ${tile}u, ${to}); other += ${step}u) {
          ${body(swept)}
        }
      }`,
  };
}

/**
 * Stores the results through an array, in a loop that compilers cannot unroll: compiling one store takes some 15 ms on
 * a CPU adapter.
 */
function stores(sweep: Sweep, owned: number): readonly Wgsl[] {
  const { sizes, plan, results, perToken } = sweep;
  const { rows, lanes } = plan;
  if (perToken) return range(rows).map((r) => tokenStores(perToken(r), r, owned, sizes));
  const quads = quadsOf(sizes);
  const values = results.flatMap(({ value }, which) =>
    range(rows).flatMap((r) =>
      range(quads).map((u) => wgsl`results[${(which * rows + r) * quads + u}] = ${value(r, u)};`),
    ),
  );
  const count = results.length * rows * quads;
  const first = wgsl`(image * ${owned}u + place) * ${channelsOf(sizes)}u + head * ${sizes.depth}u + 4u * u`;
  const at =
    results.length > 1 ? wgsl`${first} + select(0u, ${results[1]!.offset}u, e >= ${rows * quads}u)` : first;
  const parts = range(4).map((c) => {
    const store = wgsl`out[at + ${c}u] = results[e].${code('xyzw'[c]!)};`;
    return sizes.depth % 4 === 0 ? store : wgsl`if (4u * u + ${c}u < ${sizes.depth}u) { ${store} }`;
  });
  return [
    wgsl`
      var results: array<vec4f, ${count}>;
      ${values}
      for (var e = ${code(UNKNOWN_ZERO)}; e < ${count}u; e++) {
        let u = e % ${quads}u;
        let place = block * ${lanes * rows}u + lane + e / ${quads}u % ${rows}u * ${lanes}u;
        if (place < ${owned}u) {
          let at = ${at};
          ${parts}
        }
      }`,
  ];
}

/** Stores the numbers of owned token r and its head side by side. */
function tokenStores(numbers: readonly Wgsl[], r: number, owned: number, sizes: AttentionSizes): Wgsl {
  const first = wgsl`((image * ${owned}u + own${r}) * ${sizes.heads}u + head) * ${numbers.length}u`;
  return wgsl`
    if (own${r} < ${owned}u) {
      ${numbers.map((number, i) => wgsl`out[${first} + ${i}u] = ${number};`)}
    }`;
}
