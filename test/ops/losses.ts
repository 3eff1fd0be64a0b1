import type { Value } from '../../src/graph/value.ts';
import { nllLoss } from '../../src/nn/crossEntropy.ts';
import * as losses from '../../src/nn/losses.ts';
import { sigmoid } from '../../src/specs/reference/functions.ts';
import { roundingScale, type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { ANY_DTYPE, type OpSpec, type Sample, type SpecTable, samplesOf } from '../../src/specs/spec.ts';

type Variant = readonly [
  label: string,
  run: (a: Value, b: Value) => Value,
  f: (a: number, b: number) => number,
  reduction: 'mean' | 'sum' | 'none',
];

function reducedRef(shape: readonly number[], terms: readonly number[], reduction: Variant[3]): Tensor64 {
  if (reduction === 'none') return tensor64([...shape], terms);
  const divisor = reduction === 'mean' ? terms.length : 1;
  const total = (of: (term: number) => number): number =>
    terms.reduce((sum, term) => sum + of(term), 0) / divisor;
  const size = roundingScale(Math.max(1, total(Math.abs)), terms.length);
  return tensor64([], [total((term) => term)], Float64Array.of(size));
}

const of = (
  variants: readonly [Variant, ...Variant[]],
  fillB?: (uniform: number) => number,
  more: Partial<OpSpec> = {},
): OpSpec => ({
  ulps: 16,
  ...more,
  samples: samplesOf(
    variants,
    ([label, run, f, reduction]): Sample => ({
      label: `${label}, ${reduction}`,
      inputs: [{ shape: [5, 9] }, { shape: [5, 9], fill: fillB }],
      run,
      reference: (a, b) =>
        reducedRef(
          a.shape,
          Array.from(a.data, (v, i) => f(v, b.data[i]!)),
          reduction,
        ),
    }),
  ),
});

const huber = (a: number, b: number, delta: number): number => {
  const d = Math.abs(a - b);
  return d < delta ? (d * d) / 2 : delta * (d - delta / 2);
};
const logistic = (z: number, t: number, positive = 1): number =>
  (1 - t) * z + (1 + (positive - 1) * t) * (Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z))));
const focal = (z: number, t: number, alpha: number, gamma: number): number => {
  const missing = sigmoid(z) * (1 - t) + sigmoid(-z) * t;
  const weight = alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t);
  return weight * logistic(z, t) * missing ** gamma;
};
/** Not as near to 0 as differences reach. */
const share = (uniform: number): number => 0.05 + 0.9 * uniform;
const coin = (uniform: number): number => Math.round(uniform);

/** Losses made of other functions; those of the methods are in composites.ts. */
export const lossSpecs: SpecTable = {
  'mseLoss reduced': {
    ...of([
      ['squares', (a, b) => losses.mseLoss(a, b, { reduction: 'sum' }), (a, b) => (a - b) ** 2, 'sum'],
      ['squares', (a, b) => losses.mseLoss(a, b, { reduction: 'none' }), (a, b) => (a - b) ** 2, 'none'],
    ]),
    dtypes: ANY_DTYPE,
  },
  l1Loss: of([['differences', (a, b) => losses.l1Loss(a, b), (a, b) => Math.abs(a - b), 'mean']]),
  huberLoss: of([
    ['delta 1', (a, b) => losses.huberLoss(a, b), (a, b) => huber(a, b, 1), 'mean'],
    [
      'delta 0.3',
      (a, b) => losses.huberLoss(a, b, { delta: 0.3, reduction: 'sum' }),
      (a, b) => huber(a, b, 0.3),
      'sum',
    ],
  ]),
  klDivergence: of(
    [
      ['probabilities', (a, b) => losses.klDivergence(a, b), (a, b) => b * (Math.log(b) - a), 'mean'],
      [
        'logarithms',
        (a, b) => losses.klDivergence(a, b, { logTarget: true, reduction: 'none' }),
        (a, b) => Math.exp(b) * (b - a),
        'none',
      ],
    ],
    share,
    // 0 ln 0 is 0: the test below.
    { specials: false },
  ),
  'klDivergence of certain targets': of(
    [['0 and 1', (a, b) => losses.klDivergence(a, b), (a, b) => (b === 0 ? 0 : -a), 'mean']],
    coin,
    { differentiable: false, specials: false },
  ),
  'binaryCrossEntropy weighted': of(
    [
      [
        'positives three times',
        (z, t) => losses.binaryCrossEntropy(z, t, { positiveWeight: 3, reduction: 'sum' }),
        (z, t) => logistic(z, t, 3),
        'sum',
      ],
    ],
    share,
    { specials: false },
  ),
  sigmoidFocalLoss: of(
    [
      ['as published', (z, t) => losses.sigmoidFocalLoss(z, t), (z, t) => focal(z, t, 0.25, 2), 'mean'],
      [
        'not weighed, gamma 1.5',
        (z, t) => losses.sigmoidFocalLoss(z, t, { alpha: -1, gamma: 1.5, reduction: 'none' }),
        (z, t) => focal(z, t, -1, 1.5),
        'none',
      ],
    ],
    share,
    { specials: false },
  ),
  nllLoss: {
    ulps: 8,
    specials: false,
    samples: [
      {
        label: '[4, 5, 3], one label ignored',
        inputs: [
          { shape: [4, 5, 3] },
          { shape: [4, 3], dtype: 'i32', fill: (u, flat) => (flat === 5 ? -1 : Math.floor(u * 5)) },
        ],
        run: (x, labels) => nllLoss(x, labels, { ignoreIndex: -1 }),
        reference: (x, labels) => {
          const terms = Array.from(labels.data, (label, i) => {
            const [n, s] = [Math.floor(i / 3), i % 3];
            return label < 0 ? [] : [-x.data[(n * 5 + label) * 3 + s]!];
          }).flat();
          return reducedRef([], terms, 'mean');
        },
      },
    ],
  },
};
