import type { Value } from '../../src/graph/value.ts';
import * as activations from '../../src/nn/activations.ts';
import { sigmoid } from '../../src/specs/reference/functions.ts';
import { map1, map2 } from '../../src/specs/reference/ops.ts';
import { type OpSpec, type Sample, type SpecTable, samplesOf } from '../../src/specs/spec.ts';

/** Within 4 of 0, and no kink nearer than differences reach. */
const away =
  (...kinks: number[]) =>
  (uniform: number): number => {
    const x = uniform * 8 - 4;
    return kinks.some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.02 : x;
  };

type Variant = readonly [label: string, run: (x: Value) => Value, f: (x: number) => number];

const of = (fill: (uniform: number) => number, variants: readonly [Variant, ...Variant[]]): OpSpec => ({
  ulps: 16,
  samples: samplesOf(
    variants,
    ([label, run, f]): Sample => ({
      label,
      inputs: [{ shape: [7, 31], fill }],
      run,
      reference: (x) => map1(x, f),
    }),
  ),
});

const softplusOf = (x: number, beta = 1, threshold = 20): number =>
  x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta;
const eluOf = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));

/** Activations made of other functions. */
export const activationSpecs: SpecTable = {
  leakyRelu: of(away(0), [
    ['slope 0.01', (x) => activations.leakyRelu(x), (x) => (x > 0 ? x : 0.01 * x)],
    ['slope -0.5', (x) => activations.leakyRelu(x, -0.5), (x) => (x > 0 ? x : -0.5 * x)],
  ]),
  prelu: {
    samples: [
      {
        label: 'a slope per channel',
        inputs: [{ shape: [2, 3, 5], fill: away(0) }, { shape: [3, 1] }],
        run: (x, slope) => activations.prelu(x, slope),
        reference: (x, slope) => map2(x, slope, (v, s) => (v > 0 ? v : s * v)),
      },
    ],
  },
  elu: of(away(0), [
    ['alpha 1', (x) => activations.elu(x), (x) => eluOf(x, 1)],
    ['alpha 0.3', (x) => activations.elu(x, 0.3), (x) => eluOf(x, 0.3)],
  ]),
  selu: of(away(0), [
    ['as published', (x) => activations.selu(x), (x) => 1.0507009873554805 * eluOf(x, 1.6732632423543772)],
  ]),
  celu: of(away(0), [['alpha 2', (x) => activations.celu(x, 2), (x) => (x > 0 ? x : 2 * Math.expm1(x / 2))]]),
  softplus: of(away(1.5), [
    ['as PyTorch', (x) => activations.softplus(x), (x) => softplusOf(x)],
    [
      'beta 2, threshold 3',
      (x) => activations.softplus(x, { beta: 2, threshold: 3 }),
      (x) => softplusOf(x, 2, 3),
    ],
  ]),
  logSigmoid: of(away(0), [
    ['both signs', (x) => activations.logSigmoid(x), (x) => -softplusOf(-x, 1, Number.POSITIVE_INFINITY)],
  ]),
  mish: of(away(), [['both signs', (x) => activations.mish(x), (x) => x * Math.tanh(softplusOf(x))]]),
  hardsigmoid: of(away(-3, 3), [
    [
      'between its bounds and beyond',
      (x) => activations.hardsigmoid(x),
      (x) => Math.min(6, Math.max(0, x + 3)) / 6,
    ],
  ]),
  softsign: of(away(0), [['both signs', (x) => activations.softsign(x), (x) => x / (1 + Math.abs(x))]]),
  geluTanh: of(away(), [
    [
      'both signs',
      (x) => activations.geluTanh(x),
      (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x)),
    ],
  ]),
};
