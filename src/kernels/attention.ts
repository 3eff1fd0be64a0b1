/** Attention and its gradients: four bodies for one frame (`attentionSweep.ts`). */
import { product } from '../shape.ts';
import { type AttentionAttrs, type Frame, frame } from './attentionFrame.ts';
import { type AttentionSizes, buildSweep, type Side, type Sweep } from './attentionSweep.ts';
import { type Binding, read, write } from './kernel.ts';
import { type Lowered, type Lowering, type OpRequest, single } from './lowering.ts';
import { isNan } from './math/nan.ts';
import { factorLiteral, floatLiteral, MOST_F32, type WgslFunction } from './wgsl.ts';

/** The operands of the gradients, in order; the forward pass has the first ones. `g` is dL/dout. */
const OPERANDS: readonly [string, Side][] = [
  ['q', 'queries'],
  ['k', 'keys'],
  ['v', 'keys'],
  ['g', 'queries'],
];

/** Score of masked tokens, and initial maximum of a row: finite, so that differences are never NaN. */
const LOWEST = floatLiteral(-MOST_F32);

/** e^x with NaN for NaN, where SwiftShader's exp gives a number. */
const power: WgslFunction = {
  name: 'power',
  needs: [isNan],
  source: `
    fn power(x: f32) -> f32 {
      return select(exp(x), x, is_nan(x));
    }`,
};

/** Floating-point operations of `products` products between all queries and keys. */
const flopsOf = ({ images, heads, depth, queries, keys }: AttentionSizes, products: number): number =>
  2 * products * images * heads * depth * queries * keys;

/** `value` of other token t, 0 beyond the last one, because a weight of 0 times an infinite value is NaN. */
const inside = ({ beyond }: Frame, t: number, value: string): string =>
  beyond(t) === undefined ? value : `select(${value}, vec4f(), ${beyond(t)})`;

const selected = (value: string, otherwise: string, hidden: string | undefined): string =>
  hidden === undefined ? value : `select(${value}, ${otherwise}, ${hidden})`;

/** Sum of `term` over the other tokens of a step: a lane's sums spill to memory, so read and write them once per step. */
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

/**
 * Statements that compute the greatest product so far `top{r}`, the powers `p{r}_{t}` against it, and the sum
 * `total{r}`.
 */
const onlineSoftmax = (f: Frame): string[] =>
  f.rows.flatMap((r) => [
    ...f.steps.map((t) => `let seen${r}_${t} = ${selected(`s${r}_${t}`, LOWEST, f.hidden(r, t))};`),
    `let higher${r} = ${f.steps.reduce((best, t) => `max(${best}, seen${r}_${t})`, `top${r}`)};`,
    `let fade${r} = exp(top${r} - higher${r});`,
    `top${r} = higher${r};`,
    ...f.steps.map((t) => {
      const power = `power(seen${r}_${t} - higher${r})`;
      return `let p${r}_${t} = ${selected(power, '0.0', f.hidden(r, t))};`;
    }),
    `total${r} = total${r} * fade${r} + (${f.steps.map((t) => `p${r}_${t}`).join(' + ')});`,
  ]);

const attention: Lowering<AttentionAttrs> = (request, device) => {
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
            ...f.steps.map((t) => `let v${t}_quad${u} = ${inside(f, t, swept('v', t, u))};`),
            ...f.rows.map(
              (r) =>
                `sum${r}_${u} = sum${r}_${u} * fade${r} + ${terms(f, (t) => `d${r}_${t} * v${t}_quad${u}`)};`,
            ),
          ]),
        ].join('\n'),
      results: [
        { name: (r, u) => `sum${r}_${u} * ${selected(`(1.0 / total${r})`, '0.0', f.alone(r))}`, offset: 0 },
      ],
      flops: flopsOf(f.sizes, 2),
    }),
  );
};

/** log of the sum and <dL/dout, out> of each query and head. */
const attentionRows: Lowering<AttentionAttrs> = (request, device) => {
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
      perToken: (r) => [selected(`top${r} + log(total${r})`, '0.0', f.alone(r)), `dot${r}`],
      flops: flopsOf(f.sizes, 1),
    }),
  );
};

/** Result of `attentionRows`: [images, queries, heads, 2]. */
const rowBinding = ({ sizes }: Frame): Binding =>
  read('rows', 2 * sizes.images * sizes.queries * sizes.heads);

/** Statements that load `log{tag}` and `dot{tag}` of a query. */
const rowOf = ({ sizes }: Frame, query: string, tag: number): string =>
  `let row${tag} = 2u * ((image * ${sizes.queries}u + ${query}) * ${sizes.heads}u + head);
let log${tag} = rows[row${tag}];
let dot${tag} = rows[row${tag} + 1u];`;

const attentionQueryGrad: Lowering<AttentionAttrs> = (request, device) => {
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
              `let p${r}_${t} = ${selected(`power(s${r}_${t} - log${r})`, '0.0', f.hidden(r, t))};`,
              `let d${r}_${t} = p${r}_${t} * (${f.dropped(`w${r}_${t}`, r, t)} - dot${r});`,
            ]),
          ),
          ...f.quads.flatMap((u) =>
            f.rows.map((r) => `sum${r}_${u} += ${terms(f, (t) => `d${r}_${t} * k${t}_quad${u}`)};`),
          ),
        ].join('\n'),
      results: [{ name: (r, u) => `sum${r}_${u} * ${factorLiteral(f.attrs.scale)}`, offset: 0 }],
      flops: flopsOf(f.sizes, 3),
    }),
  );
};

const attentionKeyValueGrad: Lowering<AttentionAttrs> = (request, device): Lowered => {
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
              `let p${r}_${t} = ${selected(`power(s${r}_${t} - log${t})`, '0.0', f.hidden(r, t))};`,
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
        { name: (r, u) => `dk${r}_${u} * ${factorLiteral(f.attrs.scale)}`, offset: 0 },
        { name: (r, u) => `dv${r}_${u}`, offset: both - each },
      ],
      flops: flopsOf(f.sizes, 4),
    }),
  );
};

const common = (
  { label }: Pick<OpRequest, 'label'>,
  { sizes, plan, operands, before }: Frame,
  own: Side,
): Pick<Sweep, 'label' | 'sizes' | 'plan' | 'own' | 'operands' | 'before' | 'functions'> => ({
  label,
  sizes,
  plan,
  own,
  operands,
  before,
  functions: [power],
});

export const attentionKernels = {
  attention,
  attentionRows,
  attentionQueryGrad,
  attentionKeyValueGrad,
};
