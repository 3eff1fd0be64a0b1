/** What attention's four kernels share of one request: sizes, the neighbour mask, dropout, and how tokens are loaded. */
import { product, range, stridesOf } from '../shape.ts';
import {
  type AttentionSizes,
  planSweep,
  quadOf,
  quadsOf,
  type Side,
  type Sweep,
  type SweepPlan,
  type TokenOperand,
} from './attentionSweep.ts';
import { type Binding, type DeviceFacts, read } from './kernel.ts';
import type { OpRequest, TensorSpec } from './lowering.ts';
import { philox } from './math/philox.ts';
import { code, factorLiteral, floatLiteral, type Wgsl, type WgslFunction, wgsl } from './wgsl.ts';

export interface AttentionAttrs {
  readonly heads: number;
  readonly scale: number;
  readonly neighbours: { readonly height: number; readonly width: number; readonly window: number } | null;
  readonly dropout: number;
  /** Whether a query sees no key behind its own place. */
  readonly causal?: true;
  /** Whether a mask is added to the scaled products. */
  readonly masked?: true;
}

/**
 * Whether dropout keeps weight `element` of a head. One Philox block per image and head keys MurmurHash3's finaliser
 * (Appleby 2011): one Philox block per four weights would take longer than the attention. Twin:
 * specs/reference/attention.ts.
 */
const keeps: WgslFunction = {
  name: 'keeps',
  source: `
    fn keeps(element: u32, words: vec4u, threshold: u32) -> bool {
      var x = element + words.x;
      x = ((x ^ (x >> 16u)) * 0x85ebca6bu) ^ words.y;
      x = ((x ^ (x >> 13u)) * 0xc2b2ae35u) ^ words.z;
      return (x ^ (x >> 16u)) >= threshold;
    }`,
};

/** What all four kernels share. */
export interface Frame {
  readonly attrs: AttentionAttrs;
  readonly sizes: AttentionSizes;
  readonly plan: SweepPlan;
  readonly operands: readonly TokenOperand[];
  readonly draws: readonly Binding[];
  /** The mask, if there is one: [N or 1, heads or 1, Lq or 1, Lk or 1]. */
  readonly mask: readonly Binding[];
  /** Other tokens that a workgroup meets; undefined for all. */
  readonly span: Sweep['span'];
  readonly before: Wgsl | undefined;
  readonly rows: number[];
  readonly steps: number[];
  readonly quads: number[];
  /** Statements that load an operand's owned token r, scaled where asked. */
  load(name: string, r: number, factor?: number): Wgsl[];
  /** Statements that make `y{r}`, `x{r}` of an owned token, for the mask. */
  gridPlace(r: number): Wgsl[];
  /** Statements that make `other_y{t}`, `other_x{t}` of the other tokens, for the mask. */
  otherPlaces(): Wgsl[];
  /** Statements that add the mask's `m{r}_{t}` to the products `s{r}_{t}`. */
  addMask(): Wgsl[];
  /** Whether other token t lies beyond the last one; undefined where it never does. */
  beyond(t: number): Wgsl | undefined;
  /** Whether owned token r does not see (or is not seen by) other token t; undefined where it always does. */
  hidden(r: number, t: number): Wgsl | undefined;
  /** Whether owned query r sees no key, known once its `total{r}` is; undefined if each sees some. */
  alone(r: number): Wgsl | undefined;
  /** `value`, scaled, where dropout keeps the weight of owned r and other t; else 0. */
  dropped(value: Wgsl, r: number, t: number): Wgsl;
}

/**
 * @param kept vectors of a head's channels that a lane keeps for each owned token.
 * @param maskAt where the mask stands among the inputs, if there is one.
 */
export function frame(
  request: OpRequest<AttentionAttrs>,
  device: DeviceFacts,
  own: Side,
  names: readonly [string, Side][],
  kept: number,
  maskAt: number,
): Frame {
  const { attrs } = request;
  const operands = names.map(([name, side], i): TokenOperand => ({ name, side, spec: request.inputs[i]! }));
  const [q, k] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const sizes: AttentionSizes = {
    images: k.shape[0]!,
    queryImages: q.shape[0]!,
    heads: attrs.heads,
    depth: k.shape[2]! / attrs.heads,
    queries: q.shape[1]!,
    keys: k.shape[1]!,
  };
  const plan = planSweep(sizes, operands, own, kept, device);
  const quads = range(quadsOf(sizes));
  const others = own === 'queries' ? sizes.keys : sizes.queries;
  const { neighbours, dropout, causal } = attrs;
  const mask = attrs.masked ? request.inputs[maskAt]! : undefined;
  const beyond = (t: number): Wgsl | undefined =>
    t === 0 || others % plan.step === 0 ? undefined : wgsl`other + ${t}u >= ${others}u`;
  /** The query and the key of a pair. */
  const pairOf = (r: number, t: number): { query: Wgsl; key: Wgsl } => {
    const [owned, other] = [wgsl`token${r}`, wgsl`(other + ${t}u)`];
    return own === 'queries' ? { query: owned, key: other } : { query: other, key: owned };
  };
  const block = plan.lanes * plan.rows;
  const threshold = Math.min(2 ** 32 - 1, Math.round(dropout * 2 ** 32));
  return {
    attrs,
    sizes,
    plan,
    operands,
    draws: dropout > 0 ? [read('key', 4, 'u32'), read('site', 1, 'u32')] : [],
    mask: mask ? [read('mask', product(mask.shape), mask.element)] : [],
    span: !causal
      ? undefined
      : own === 'queries'
        ? { to: wgsl`min(${others}u, (block + 1u) * ${block}u)` }
        : { from: wgsl`block * ${block}u` },
    before:
      dropout > 0
        ? code('let words = philox(vec4u(batch, site[0], key[2], 1u), vec2u(key[0], key[1]));', philox, keeps)
        : undefined,
    rows: range(plan.rows),
    steps: range(plan.step),
    quads,
    load(name, r, factor = 1) {
      const operand = operands.find((each) => each.name === name)!;
      const scaled = (quad: Wgsl): Wgsl =>
        factor === 1 ? quad : wgsl`${quad} * ${code(factorLiteral(factor))}`;
      return quads.map((u) => {
        const quad = quadOf(operand, sizes, plan.textures, wgsl`token${r}`, wgsl`${u}u`);
        return wgsl`let ${code(name)}${r}_${u} = ${scaled(quad)};`;
      });
    },
    gridPlace: (r) =>
      neighbours
        ? [
            wgsl`let y${r} = token${r} / ${neighbours.width}u;`,
            wgsl`let x${r} = token${r} % ${neighbours.width}u;`,
          ]
        : [],
    otherPlaces: () =>
      neighbours
        ? range(plan.step).flatMap((t) => [
            wgsl`let other_y${t} = (other + ${t}u) / ${neighbours.width}u;`,
            wgsl`let other_x${t} = (other + ${t}u) % ${neighbours.width}u;`,
          ])
        : [],
    addMask: () =>
      mask
        ? range(plan.rows).flatMap((r) =>
            range(plan.step).map((t) => maskAdded(mask, sizes, pairOf(r, t), r, t)),
          )
        : [],
    beyond,
    hidden(r, t) {
      const { query, key } = pairOf(r, t);
      const reasons = [
        beyond(t),
        causal && wgsl`${key} > ${query}`,
        mask && wgsl`bitcast<u32>(m${r}_${t}) == 0xff800000u`,
      ];
      const none = reasons.reduce<Wgsl | undefined>(either, undefined);
      if (!neighbours) return none;
      const half = (neighbours.window - 1) / 2;
      // A negative distance is a huge unsigned number.
      const near = (axis: 'y' | 'x'): Wgsl =>
        wgsl`other_${code(axis)}${t} - ${code(axis)}${r} + ${half}u <= ${2 * half}u`;
      const masked = wgsl`(${near('y')} && ${near('x')})`;
      return none ? wgsl`${none} || ${masked}` : masked;
    },
    alone(r) {
      // By its bits: some compilers take NaN for equal to 0.
      if (mask || (causal && neighbours)) return wgsl`(bitcast<u32>(total${r}) << 1u) == 0u`;
      if (!neighbours) return undefined;
      const half = (neighbours.window - 1) / 2;
      const covers = (axis: 'y' | 'x', size: number): Wgsl =>
        wgsl`${code(axis)}${r} <= ${half}u && ${code(axis)}${r} + ${half}u >= ${size - 1}u`;
      return wgsl`${covers('y', neighbours.height)} && ${covers('x', neighbours.width)}`;
    },
    dropped(value, r, t) {
      if (dropout === 0) return value;
      const { query, key } = pairOf(r, t);
      const kept = wgsl`keeps(${query} * ${sizes.keys}u + ${key}, words, ${threshold}u)`;
      return wgsl`select(0.0, ${value} * ${code(floatLiteral(1 / (1 - dropout)))}, ${kept})`;
    },
  };
}

const either = (a: Wgsl | undefined, b: Wgsl | false | undefined): Wgsl | undefined =>
  !b ? a : a ? wgsl`${a} || ${b}` : b;

/** Reads the mask of a pair into `m{r}_{t}` and adds it to the product. Tokens beyond the last read the last one's. */
function maskAdded(
  { shape }: TensorSpec,
  { queries, keys }: AttentionSizes,
  { query, key }: { query: Wgsl; key: Wgsl },
  r: number,
  t: number,
): Wgsl {
  const strides = stridesOf(shape);
  const places = [
    code('image'),
    code('head'),
    wgsl`min(${query}, ${queries - 1}u)`,
    wgsl`min(${key}, ${keys - 1}u)`,
  ];
  const terms = places.flatMap((place, axis) =>
    shape[axis] === 1 ? [] : [wgsl`${place} * ${strides[axis]!}u`],
  );
  const index = terms.length === 0 ? code('0') : terms.reduce((sum, term) => wgsl`${sum} + ${term}`);
  return wgsl`
    let m${r}_${t} = f32(mask[${index}]);
    s${r}_${t} += m${r}_${t};`;
}
