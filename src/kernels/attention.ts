/** Attention and its gradients: four bodies for one frame (`attentionSweep.ts`). */
import { product } from '../shape.ts';
import {
  type AttentionSizes,
  buildSweep,
  planSweep,
  quadOf,
  quadsOf,
  range,
  type Side,
  type Sweep,
  type SweepPlan,
  type TokenOperand,
} from './attentionSweep.ts';
import { type Binding, type DeviceFacts, read, write } from './kernel.ts';
import { type Lowered, type Lowering, type OpRequest, single } from './lowering.ts';
import { philox } from './math/philox.ts';
import { code, floatLiteral, type Wgsl, type WgslFunction } from './wgsl.ts';

/** The operands of the gradients, in order; the forward pass has the first ones. `g` is dL/dout. */
const OPERANDS: readonly [string, Side][] = [
  ['q', 'queries'],
  ['k', 'keys'],
  ['v', 'keys'],
  ['g', 'queries'],
];

interface Attrs {
  readonly heads: number;
  readonly scale: number;
  readonly neighbours: { readonly width: number; readonly window: number } | null;
  readonly dropout: number;
}

/** Where the mask leaves a row nothing, and before a row's first weight. */
const LOWEST = '-3.0e38';

/**
 * Whether weight `element` of a head stays. One Philox block per image and head keys MurmurHash3's finaliser (Appleby
 * 2011): a block for every four weights would take longer than the attention. Twin: test/ops/attention.ts.
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
interface Frame {
  readonly attrs: Attrs;
  readonly sizes: AttentionSizes;
  readonly plan: SweepPlan;
  readonly operands: readonly TokenOperand[];
  readonly draws: readonly Binding[];
  readonly before: Wgsl | undefined;
  readonly rows: number[];
  readonly steps: number[];
  readonly quads: number[];
  /** Statement that loads an operand's owned token r, scaled where asked. */
  load(name: string, r: number, factor?: number): string;
  /** Statements that make `y{r}`, `x{r}` of an owned token, for the mask. */
  gridPlace(r: number): string;
  /** Statements that make `y`, `x` of the other tokens. */
  otherPlaces(): string[];
  /** Whether owned token r does not see (or is not seen by) other token t; undefined where it always does. */
  hidden(r: number, t: number): string | undefined;
  /** `value` where the weight of owned r and other t stays, scaled; else 0. */
  dropped(value: string, r: number, t: number): string;
}

/** @param kept vectors of a head's channels that a lane keeps for each token of its own. */
function frame(
  request: OpRequest,
  device: DeviceFacts,
  own: Side,
  names: readonly [string, Side][],
  kept: number,
): Frame {
  const attrs = request.attrs as unknown as Attrs;
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
  const { neighbours, dropout } = attrs;
  const threshold = Math.min(2 ** 32 - 1, Math.round(dropout * 2 ** 32));
  return {
    attrs,
    sizes,
    plan,
    operands,
    draws: dropout > 0 ? [read('key', 4, 'u32'), read('site', 1, 'u32')] : [],
    before:
      dropout > 0
        ? code('let words = philox(vec4u(batch, site[0], key[2], 1u), vec2u(key[0], key[1]));', philox, keeps)
        : undefined,
    rows: range(plan.rows),
    steps: range(plan.step),
    quads,
    load(name, r, factor = 1) {
      const operand = operands.find((each) => each.name === name)!;
      const scaled = factor === 1 ? '' : ` * ${floatLiteral(factor)}`;
      return quads
        .map(
          (u) =>
            `let ${name}${r}_${u} = ${quadOf(operand, sizes, plan.images, `token${r}`, `${u}u`)}${scaled};`,
        )
        .join('\n');
    },
    gridPlace: (r) =>
      neighbours
        ? `let y${r} = token${r} / ${neighbours.width}u;\nlet x${r} = token${r} % ${neighbours.width}u;`
        : '',
    otherPlaces: () =>
      neighbours
        ? range(plan.step).map(
            (t) =>
              `let other_y${t} = (other + ${t}u) / ${neighbours.width}u;\nlet other_x${t} = (other + ${t}u) % ${neighbours.width}u;`,
          )
        : [],
    hidden(r, t) {
      const beyond = others % plan.step === 0 ? [] : [`other + ${t}u >= ${others}u`];
      if (!neighbours) return beyond[0];
      const half = (neighbours.window - 1) / 2;
      // A negative distance is a huge unsigned number.
      const near = (axis: string): string => `other_${axis}${t} - ${axis}${r} + ${half}u <= ${2 * half}u`;
      return [...beyond, `(${near('y')} && ${near('x')})`].join(' || ');
    },
    dropped(value, r, t) {
      if (dropout === 0) return value;
      const [query, keyToken] =
        own === 'queries' ? [`token${r}`, `(other + ${t}u)`] : [`(other + ${t}u)`, `token${r}`];
      const kept = `keeps(${query} * ${sizes.keys}u + ${keyToken}, words, ${threshold}u)`;
      return `select(0.0, ${value} * ${floatLiteral(1 / (1 - dropout))}, ${kept})`;
    },
  };
}

/** Floating-point operations of `products` products between all queries and keys. */
const flopsOf = ({ images, heads, depth, queries, keys }: AttentionSizes, products: number): number =>
  2 * products * images * heads * depth * queries * keys;

const selected = (value: string, otherwise: string, hidden: string | undefined): string =>
  hidden === undefined ? value : `select(${value}, ${otherwise}, ${hidden})`;

/** The sum of `term` over the other tokens of a step: a lane's sums spill, and are then read and written once for all. */
const terms = ({ steps }: Frame, term: (t: number) => string): string => steps.map(term).join(' + ');

/** Statements that add the product of owned `own` and the other tokens' `other` to sums `sum{r}_{t}`. */
const products = (
  { rows, steps, quads }: Frame,
  swept: (name: string, t: number, u: number) => string,
  sum: string,
  own: string,
  other: string,
): string[] => [
  ...rows.flatMap((r) => steps.map((t) => `var ${sum}${r}_${t} = 0.0;`)),
  ...quads.flatMap((u) =>
    steps.flatMap((t) => [
      `let ${other}${t}_quad${u} = ${swept(other, t, u)};`,
      ...rows.map((r) => `${sum}${r}_${t} += dot(${own}${r}_${u}, ${other}${t}_quad${u});`),
    ]),
  ),
];

/** Statements that make the greatest product so far `top{r}`, the powers `p{r}_{t}` against it, and the sum `total{r}`. */
const onlineSoftmax = (f: Frame): string[] =>
  f.rows.flatMap((r) => [
    ...f.steps.map((t) => `let seen${r}_${t} = ${selected(`s${r}_${t}`, LOWEST, f.hidden(r, t))};`),
    `let higher${r} = ${f.steps.reduce((best, t) => `max(${best}, seen${r}_${t})`, `top${r}`)};`,
    `let fade${r} = exp(top${r} - higher${r});`,
    `top${r} = higher${r};`,
    ...f.steps.map((t) => {
      const power = `exp(seen${r}_${t} - higher${r})`;
      return `let p${r}_${t} = ${f.hidden(r, t) === undefined ? power : `select(${power}, 0.0, seen${r}_${t} == ${LOWEST})`};`;
    }),
    `total${r} = total${r} * fade${r} + (${f.steps.map((t) => `p${r}_${t}`).join(' + ')});`,
  ]);

const attention: Lowering = (request, device) => {
  const f = frame(request, device, 'queries', OPERANDS.slice(0, 3), 2);
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: f.draws,
      out: write('out', product(request.out.shape)),
      start: (r) =>
        [
          f.load('q', r, f.attrs.scale),
          f.gridPlace(r),
          `var top${r} = ${LOWEST};\nvar total${r} = 0.0;`,
          ...f.quads.map((u) => `var sum${r}_${u} = vec4f();`),
        ].join('\n'),
      body: (swept) =>
        [
          ...f.otherPlaces(),
          ...products(f, swept, 's', 'q', 'k'),
          ...onlineSoftmax(f),
          ...f.rows.flatMap((r) => f.steps.map((t) => `let d${r}_${t} = ${f.dropped(`p${r}_${t}`, r, t)};`)),
          ...f.quads.flatMap((u) => [
            ...f.steps.map((t) => `let v${t}_quad${u} = ${swept('v', t, u)};`),
            ...f.rows.map(
              (r) =>
                `sum${r}_${u} = sum${r}_${u} * fade${r} + ${terms(f, (t) => `d${r}_${t} * v${t}_quad${u}`)};`,
            ),
          ]),
        ].join('\n'),
      results: [
        { name: (r, u) => `sum${r}_${u} * select(1.0 / total${r}, 0.0, total${r} == 0.0)`, offset: 0 },
      ],
      flops: flopsOf(f.sizes, 2),
    }),
  );
};

/** log of the sum and <dL/dout, out> of each query and head. */
const attentionRows: Lowering = (request, device) => {
  const names: readonly [string, Side][] = [
    ['q', 'queries'],
    ['k', 'keys'],
    ['g', 'queries'],
    ['o', 'queries'],
  ];
  const f = frame(request, device, 'queries', names, 1);
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: [],
      out: write('out', product(request.out.shape)),
      start: (r) =>
        [
          f.load('q', r, f.attrs.scale),
          f.load('g', r),
          f.load('o', r),
          `let dot${r} = ${f.quads.map((u) => `dot(g${r}_${u}, o${r}_${u})`).join(' + ')};`,
          f.gridPlace(r),
          `var top${r} = ${LOWEST};\nvar total${r} = 0.0;`,
        ].join('\n'),
      body: (swept) =>
        [...f.otherPlaces(), ...products(f, swept, 's', 'q', 'k'), ...onlineSoftmax(f)].join('\n'),
      results: [],
      perToken: (r) => [`select(top${r} + log(total${r}), 0.0, total${r} == 0.0)`, `dot${r}`],
      flops: flopsOf(f.sizes, 1),
    }),
  );
};

/** Of `attentionRows`: [images, queries, heads, 2]. */
const rowBinding = ({ sizes }: Frame): Binding =>
  read('rows', 2 * sizes.images * sizes.queries * sizes.heads);

/** Statements that make `log{tag}` and `dot{tag}` of a query. */
const rowOf = ({ sizes }: Frame, query: string, tag: number): string =>
  `let row${tag} = 2u * ((image * ${sizes.queries}u + ${query}) * ${sizes.heads}u + head);
let log${tag} = rows[row${tag}];
let dot${tag} = rows[row${tag} + 1u];`;

const attentionQueryGrad: Lowering = (request, device) => {
  const f = frame(request, device, 'queries', OPERANDS, 3);
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: [rowBinding(f), ...f.draws],
      out: write('out', product(request.out.shape)),
      start: (r) =>
        [
          f.load('q', r, f.attrs.scale),
          f.load('g', r),
          f.gridPlace(r),
          rowOf(f, `token${r}`, r),
          ...f.quads.map((u) => `var sum${r}_${u} = vec4f();`),
        ].join('\n'),
      body: (swept) =>
        [
          ...f.otherPlaces(),
          ...products(f, swept, 's', 'q', 'k'),
          ...products(f, swept, 'w', 'g', 'v'),
          ...f.rows.flatMap((r) =>
            f.steps.flatMap((t) => [
              `let p${r}_${t} = ${selected(`exp(s${r}_${t} - log${r})`, '0.0', f.hidden(r, t))};`,
              `let d${r}_${t} = p${r}_${t} * (${f.dropped(`w${r}_${t}`, r, t)} - dot${r});`,
            ]),
          ),
          ...f.quads.flatMap((u) =>
            f.rows.map((r) => `sum${r}_${u} += ${terms(f, (t) => `d${r}_${t} * k${t}_quad${u}`)};`),
          ),
        ].join('\n'),
      results: [{ name: (r, u) => `sum${r}_${u} * ${floatLiteral(f.attrs.scale)}`, offset: 0 }],
      flops: flopsOf(f.sizes, 3),
    }),
  );
};

const attentionKeyValueGrad: Lowering = (request, device): Lowered => {
  const f = frame(request, device, 'keys', OPERANDS, 4);
  const { sizes } = f;
  const both = product(request.out.shape);
  const each = sizes.images * sizes.keys * sizes.heads * sizes.depth;
  return single(
    buildSweep({
      ...common(request, f, 'keys'),
      extras: [rowBinding(f), ...f.draws],
      out: write('out', both),
      start: (r) =>
        [
          f.load('k', r, f.attrs.scale),
          f.load('v', r),
          f.gridPlace(r),
          ...f.quads.map((u) => `var dk${r}_${u} = vec4f();\nvar dv${r}_${u} = vec4f();`),
        ].join('\n'),
      body: (swept) =>
        [
          ...f.otherPlaces(),
          ...f.steps.map((t) => rowOf(f, `min(other + ${t}u, ${sizes.queries - 1}u)`, t)),
          ...products(f, swept, 's', 'k', 'q'),
          ...products(f, swept, 'w', 'v', 'g'),
          ...f.rows.flatMap((r) =>
            f.steps.flatMap((t) => [
              `let p${r}_${t} = ${selected(`exp(s${r}_${t} - log${t})`, '0.0', f.hidden(r, t))};`,
              `let e${r}_${t} = ${f.dropped(`p${r}_${t}`, r, t)};`,
              `let d${r}_${t} = e${r}_${t} * w${r}_${t} - p${r}_${t} * dot${t};`,
            ]),
          ),
          ...f.quads.flatMap((u) =>
            f.rows.flatMap((r) => [
              `dk${r}_${u} += ${terms(f, (t) => `d${r}_${t} * q${t}_quad${u}`)};`,
              `dv${r}_${u} += ${terms(f, (t) => `e${r}_${t} * g${t}_quad${u}`)};`,
            ]),
          ),
        ].join('\n'),
      results: [
        { name: (r, u) => `dk${r}_${u} * ${floatLiteral(f.attrs.scale)}`, offset: 0 },
        { name: (r, u) => `dv${r}_${u}`, offset: both - each },
      ],
      flops: flopsOf(f.sizes, 4),
    }),
  );
};

const common = (
  { label }: OpRequest,
  { sizes, plan, operands, before }: Frame,
  own: Side,
): Pick<Sweep, 'label' | 'sizes' | 'plan' | 'own' | 'operands' | 'before'> => ({
  label,
  sizes,
  plan,
  own,
  operands,
  before,
});

export const attentionKernels = {
  attention,
  attentionRows,
  attentionQueryGrad,
  attentionKeyValueGrad,
} satisfies Record<string, Lowering>;
