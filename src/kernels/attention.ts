/** Attention and its gradients: four bodies for one frame (`attentionSweep.ts`). */
import { product } from '../shape.ts';
import { type AttentionAttrs, type Frame, frame } from './attentionFrame.ts';
import { type AttentionSizes, buildSweep, type Side, type Sweep, type Swept } from './attentionSweep.ts';
import { type Binding, read, write } from './kernel.ts';
import { type Lowered, type Lowering, type OpRequest, single } from './lowering.ts';
import { isNan } from './math/nan.ts';
import { code, factorLiteral, floatLiteral, MOST_F32, type Wgsl, type WgslFunction, wgsl } from './wgsl.ts';

/** The operands of the gradients, in order; the forward pass has the first ones. `g` is dL/dout. */
const OPERANDS: readonly [string, Side][] = [
  ['q', 'queries'],
  ['k', 'keys'],
  ['v', 'keys'],
  ['g', 'queries'],
];

/** Where the mask stands among the inputs of the gradients: behind the operands and `rows`. */
const MASK_OF_GRADIENTS = OPERANDS.length + 1;

/** Score of masked tokens, and initial maximum of a row: finite, so that differences are never NaN. */
const LOWEST = code(floatLiteral(-MOST_F32));

/** e^x with NaN for NaN, where SwiftShader's exp gives a number. */
const POWER: WgslFunction = {
  name: 'power',
  needs: [isNan],
  source: `
    fn power(x: f32) -> f32 {
      return select(exp(x), x, is_nan(x));
    }`,
};
const power = (x: Wgsl): Wgsl => wgsl`${code('power', POWER)}(${x})`;

/** Floating-point operations of `products` products between all queries and keys. */
const flopsOf = ({ images, heads, depth, queries, keys }: AttentionSizes, products: number): number =>
  2 * products * images * heads * depth * queries * keys;

/** `value` of other token t, 0 beyond the last one, because a weight of 0 times an infinite value is NaN. */
function inside({ beyond }: Frame, t: number, value: Wgsl): Wgsl {
  const hidden = beyond(t);
  return hidden ? wgsl`select(${value}, vec4f(), ${hidden})` : value;
}

const selected = (value: Wgsl, otherwise: Wgsl, hidden: Wgsl | undefined): Wgsl =>
  hidden ? wgsl`select(${value}, ${otherwise}, ${hidden})` : value;

const ZERO = code('0.0');

/** In the order of the terms. */
const sumOf = (terms: readonly Wgsl[]): Wgsl => terms.reduce((sum, term) => wgsl`${sum} + ${term}`);

/** Sum of `term` over the other tokens of a step: a lane's sums spill to memory, so read and write them once per step. */
const terms = ({ steps }: Frame, term: (t: number) => Wgsl): Wgsl => sumOf(steps.map(term));

/** A statement for each owned token r and other token t of a step. */
const pairs = ({ rows, steps }: Frame, statement: (r: number, t: number) => Wgsl): Wgsl[] =>
  rows.flatMap((r) => steps.map((t) => statement(r, t)));

/** Statements that make vectors of zeros `{name}{r}_{u}` to sum into. */
const zeros = ({ quads }: Frame, name: string, r: number): Wgsl[] =>
  quads.map((u) => wgsl`var ${code(name)}${r}_${u} = vec4f();`);

/** Statements that make `{sum}{r}_{t}`, the products of owned `own` and the other tokens' `other`. */
function products(f: Frame, swept: Swept, sum: string, own: string, other: string): Wgsl {
  const [to, mine, theirs] = [code(sum), code(own), code(other)];
  const quad = (u: number): Wgsl[] =>
    f.steps.map(
      (t) => wgsl`
        let ${theirs}${t}_quad${u} = ${swept(other, t, u)};
        ${f.rows.map((r) => wgsl`${to}${r}_${t} += dot(${mine}${r}_${u}, ${theirs}${t}_quad${u});`)}`,
    );
  return wgsl`
    ${pairs(f, (r, t) => wgsl`var ${to}${r}_${t} = 0.0;`)}
    ${f.quads.flatMap(quad)}`;
}

/** Statements that begin `onlineSoftmax` for owned token r. */
const softmaxStart = (r: number): Wgsl => wgsl`
  var top${r} = ${LOWEST};
  var total${r} = 0.0;`;

/**
 * Statements that compute the greatest product so far `top{r}`, the powers `p{r}_{t}` against it, and the sum
 * `total{r}`.
 */
const onlineSoftmax = (f: Frame): Wgsl[] =>
  f.rows.map((r) => {
    const seen = (t: number): Wgsl => selected(wgsl`s${r}_${t}`, LOWEST, f.hidden(r, t));
    const weight = (t: number): Wgsl =>
      selected(power(wgsl`seen${r}_${t} - higher${r}`), ZERO, f.hidden(r, t));
    const highest = f.steps.reduce((best, t) => wgsl`max(${best}, seen${r}_${t})`, wgsl`top${r}`);
    return wgsl`
      ${f.steps.map((t) => wgsl`let seen${r}_${t} = ${seen(t)};`)}
      let higher${r} = ${highest};
      let fade${r} = exp(top${r} - higher${r});
      top${r} = higher${r};
      ${f.steps.map((t) => wgsl`let p${r}_${t} = ${weight(t)};`)}
      total${r} = total${r} * fade${r} + (${terms(f, (t) => wgsl`p${r}_${t}`)});`;
  });

const attention: Lowering<AttentionAttrs> = (request, device) => {
  const f = frame(request, device, 'queries', OPERANDS.slice(0, 3), 2, 3);
  const faded = (r: number, u: number): Wgsl => {
    const added = terms(f, (t) => wgsl`d${r}_${t} * v${t}_quad${u}`);
    return wgsl`sum${r}_${u} = sum${r}_${u} * fade${r} + ${added};`;
  };
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: [...f.mask, ...f.draws],
      out: write('out', product(request.out.shape)),
      start: (r) => wgsl`
        ${f.load('q', r, f.attrs.scale)}
        ${f.gridPlace(r)}
        ${softmaxStart(r)}
        ${zeros(f, 'sum', r)}`,
      body: (swept) => wgsl`
        ${f.otherPlaces()}
        ${products(f, swept, 's', 'q', 'k')}
        ${f.addMask()}
        ${onlineSoftmax(f)}
        ${pairs(f, (r, t) => wgsl`let d${r}_${t} = ${f.dropped(wgsl`p${r}_${t}`, r, t)};`)}
        ${f.quads.map(
          (u) => wgsl`
            ${f.steps.map((t) => wgsl`let v${t}_quad${u} = ${inside(f, t, swept('v', t, u))};`)}
            ${f.rows.map((r) => faded(r, u))}`,
        )}`,
      results: [
        {
          value: (r, u) => wgsl`sum${r}_${u} * ${selected(wgsl`(1.0 / total${r})`, ZERO, f.alone(r))}`,
          offset: 0,
        },
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
  const f = frame(request, device, 'queries', names, 1, names.length);
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: f.mask,
      out: write('out', product(request.out.shape)),
      start: (r) => wgsl`
        ${f.load('q', r, f.attrs.scale)}
        ${f.load('g', r)}
        ${f.load('o', r)}
        let dot${r} = ${sumOf(f.quads.map((u) => wgsl`dot(g${r}_${u}, o${r}_${u})`))};
        ${f.gridPlace(r)}
        ${softmaxStart(r)}`,
      body: (swept) => wgsl`
        ${f.otherPlaces()}
        ${products(f, swept, 's', 'q', 'k')}
        ${f.addMask()}
        ${onlineSoftmax(f)}`,
      results: [],
      perToken: (r) => [selected(wgsl`top${r} + log(total${r})`, ZERO, f.alone(r)), wgsl`dot${r}`],
      flops: flopsOf(f.sizes, 1),
    }),
  );
};

/** Result of `attentionRows`: [images, queries, heads, 2]. */
const rowBinding = ({ sizes }: Frame): Binding =>
  read('rows', 2 * sizes.images * sizes.queries * sizes.heads);

/** Statements that load `log{tag}` and `dot{tag}` of a query. */
const rowOf = ({ sizes }: Frame, query: Wgsl, tag: number): Wgsl => wgsl`
  let row${tag} = 2u * ((image * ${sizes.queries}u + ${query}) * ${sizes.heads}u + head);
  let log${tag} = rows[row${tag}];
  let dot${tag} = rows[row${tag} + 1u];`;

/** The weight of owned r and other t from its product, and the log of the sum that `row` names. */
const weightOf = (f: Frame, r: number, t: number, row: number): Wgsl =>
  selected(power(wgsl`s${r}_${t} - log${row}`), ZERO, f.hidden(r, t));

const attentionQueryGrad: Lowering<AttentionAttrs> = (request, device) => {
  const f = frame(request, device, 'queries', OPERANDS, 3, MASK_OF_GRADIENTS);
  return single(
    buildSweep({
      ...common(request, f, 'queries'),
      extras: [rowBinding(f), ...f.mask, ...f.draws],
      out: write('out', product(request.out.shape)),
      start: (r) => wgsl`
        ${f.load('q', r, f.attrs.scale)}
        ${f.load('g', r)}
        ${f.gridPlace(r)}
        ${rowOf(f, wgsl`token${r}`, r)}
        ${zeros(f, 'sum', r)}`,
      body: (swept) => wgsl`
        ${f.otherPlaces()}
        ${products(f, swept, 's', 'q', 'k')}
        ${f.addMask()}
        ${products(f, swept, 'w', 'g', 'v')}
        ${pairs(
          f,
          (r, t) => wgsl`
            let p${r}_${t} = ${weightOf(f, r, t, r)};
            let d${r}_${t} = p${r}_${t} * (${f.dropped(wgsl`w${r}_${t}`, r, t)} - dot${r});`,
        )}
        ${f.quads.flatMap((u) =>
          f.rows.map((r) => wgsl`sum${r}_${u} += ${terms(f, (t) => wgsl`d${r}_${t} * k${t}_quad${u}`)};`),
        )}`,
      results: [{ value: (r, u) => wgsl`sum${r}_${u} * ${scaleOf(f)}`, offset: 0 }],
      flops: flopsOf(f.sizes, 3),
    }),
  );
};

const attentionKeyValueGrad: Lowering<AttentionAttrs> = (request, device): Lowered => {
  const f = frame(request, device, 'keys', OPERANDS, 4, MASK_OF_GRADIENTS);
  const { sizes } = f;
  const both = product(request.out.shape);
  const each = sizes.images * sizes.keys * sizes.heads * sizes.depth;
  return single(
    buildSweep({
      ...common(request, f, 'keys'),
      extras: [rowBinding(f), ...f.mask, ...f.draws],
      out: write('out', both),
      start: (r) => wgsl`
        ${f.load('k', r, f.attrs.scale)}
        ${f.load('v', r)}
        ${f.gridPlace(r)}
        ${f.quads.map(
          (u) => wgsl`
            var dk${r}_${u} = vec4f();
            var dv${r}_${u} = vec4f();`,
        )}`,
      body: (swept) => wgsl`
        ${f.otherPlaces()}
        ${f.steps.map((t) => rowOf(f, wgsl`min(other + ${t}u, ${sizes.queries - 1}u)`, t))}
        ${products(f, swept, 's', 'k', 'q')}
        ${f.addMask()}
        ${products(f, swept, 'w', 'v', 'g')}
        ${pairs(
          f,
          (r, t) => wgsl`
            let p${r}_${t} = ${weightOf(f, r, t, t)};
            let e${r}_${t} = ${f.dropped(wgsl`p${r}_${t}`, r, t)};
            let d${r}_${t} = e${r}_${t} * w${r}_${t} - p${r}_${t} * dot${t};`,
        )}
        ${f.quads.flatMap((u) =>
          f.rows.map(
            (r) => wgsl`
              dk${r}_${u} += ${terms(f, (t) => wgsl`d${r}_${t} * q${t}_quad${u}`)};
              dv${r}_${u} += ${terms(f, (t) => wgsl`e${r}_${t} * g${t}_quad${u}`)};`,
          ),
        )}`,
      results: [
        { value: (r, u) => wgsl`dk${r}_${u} * ${scaleOf(f)}`, offset: 0 },
        { value: (r, u) => wgsl`dv${r}_${u}`, offset: both - each },
      ],
      flops: flopsOf(f.sizes, 4),
    }),
  );
};

const scaleOf = ({ attrs }: Frame): Wgsl => code(factorLiteral(attrs.scale));

const common = (
  { label }: Pick<OpRequest, 'label'>,
  { sizes, plan, operands, before, span }: Frame,
  own: Side,
): Pick<Sweep, 'label' | 'sizes' | 'plan' | 'own' | 'operands' | 'before' | 'span'> => ({
  label,
  sizes,
  plan,
  own,
  operands,
  before,
  span,
});

export const attentionKernels = {
  attention,
  attentionRows,
  attentionQueryGrad,
  attentionKeyValueGrad,
};
