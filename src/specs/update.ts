import { pack } from '../graph/ops/slab.ts';
import { assign, assignAverage, effect } from '../graph/ops/update.ts';
import type { Value } from '../graph/value.ts';
import { type AdamwSettings, adamwRef, lionRef, sgdRef } from './reference/update.ts';
import { type SampleInput, shaped } from './spec.ts';

/** An op that updates state in place. */
export interface UpdateSpec {
  /** States that it updates, all f32 of `length` and positive. */
  readonly states: number;
  readonly length: number;
  readonly inputs: readonly SampleInput[];
  readonly effect: (states: Value[], inputs: Value[]) => Value;
  /** One element of each state after, from one element of each before and of the inputs as they are. */
  readonly reference: (states: number[], at: number, inputs: readonly ArrayLike<number>[]) => number[];
}

/** Length of every state. The optimisers' settings below are those of a step in mid-training. */
const LENGTH = 1024;
const STEPS = 7;
const ADAMW: AdamwSettings = {
  lr: Math.fround(0.01),
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0.01,
};
const MOMENTS = { beta1: ADAMW.betas[0], beta2: ADAMW.betas[1], eps: ADAMW.eps, weightDecay: 0.01 };
const RATES = [ADAMW.lr, ...ADAMW.betas.map((beta) => 1 - beta ** STEPS)];
const SGD = { momentum: 0.9, weightDecay: 0.01 };
const SGD_RATE = Math.fround(0.05);
/** Of the gradient. */
const FACTOR = 0.25;

const settings = (values: readonly number[]): SampleInput => ({
  shape: [values.length],
  fill: (_, flat) => values[flat]!,
});

/** The gradient arrives in two parts, as those of layers do. */
const halves = shaped([LENGTH / 2], [LENGTH / 2]);
const gradient = (at: number, [first, second]: readonly ArrayLike<number>[]): number =>
  at < LENGTH / 2 ? first![at]! : second![at - LENGTH / 2]!;

export const updateSpecs = {
  assign: {
    states: 1,
    length: LENGTH,
    inputs: shaped([LENGTH]),
    effect: ([s], [x]) => assign(s!, x!),
    reference: (_, at, [x]) => [x![at]!],
  },
  assignAverage: {
    states: 1,
    length: LENGTH,
    inputs: shaped([LENGTH]),
    effect: ([s], [x]) => assignAverage(s!, x!, 0.1),
    reference: ([s], at, [x]) => [s! + 0.1 * (x![at]! - s!)],
  },
  adamw: {
    states: 3,
    length: LENGTH,
    inputs: [...halves, settings(RATES)],
    effect: ([p, m, v], [a, b, rates]) => effect('adamw', [p!, m!, v!], [pack([a!, b!]), rates!], MOMENTS),
    reference: ([p, m, v], at, inputs) =>
      adamwRef([p!, m!, v!, 0], gradient(at, inputs), ADAMW, STEPS).slice(0, 3),
  },
  adamwAmsgrad: {
    states: 4,
    length: LENGTH,
    inputs: [...halves, settings(RATES)],
    effect: ([p, m, v, vmax], [a, b, rates]) =>
      effect('adamwAmsgrad', [p!, m!, v!, vmax!], [pack([a!, b!]), rates!], MOMENTS),
    reference: ([p, m, v, vmax], at, inputs) =>
      adamwRef([p!, m!, v!, vmax!], gradient(at, inputs), ADAMW, STEPS),
  },
  sgd: {
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([SGD_RATE, 0])],
    effect: ([p, buf], [a, b, rates]) => effect('sgd', [p!, buf!], [pack([a!, b!]), rates!], SGD),
    reference: ([p, buf], at, inputs) => sgdRef([p!, buf!], gradient(at, inputs), { ...SGD, lr: SGD_RATE }),
  },
  adam: {
    states: 3,
    length: LENGTH,
    inputs: [...halves, settings(RATES)],
    effect: ([p, m, v], [a, b, rates]) =>
      effect('adamw', [p!, m!, v!], [pack([a!, b!]), rates!], { ...MOMENTS, coupled: true }),
    reference: ([p, m, v], at, inputs) =>
      adamwRef([p!, m!, v!, 0], gradient(at, inputs), { ...ADAMW, coupled: true }, STEPS).slice(0, 3),
  },
  nesterov: {
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([SGD_RATE, 0])],
    effect: ([p, buf], [a, b, rates]) =>
      effect('sgd', [p!, buf!], [pack([a!, b!]), rates!], { ...SGD, nesterov: true }),
    reference: ([p, buf], at, inputs) =>
      sgdRef([p!, buf!], gradient(at, inputs), { ...SGD, lr: SGD_RATE, nesterov: true }),
  },
  lion: {
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([ADAMW.lr])],
    effect: ([p, m], [a, b, rates]) => {
      const { beta1, beta2, weightDecay } = MOMENTS;
      return effect('lion', [p!, m!], [pack([a!, b!]), rates!], { beta1, beta2, weightDecay });
    },
    reference: ([p, m], at, inputs) => lionRef([p!, m!], gradient(at, inputs), ADAMW),
  },
  /** By a factor of its gradient, and with a factor of 0, which leaves everything as it is. */
  adamwScaled: {
    states: 3,
    length: LENGTH,
    inputs: [...halves, settings(RATES), settings([FACTOR])],
    effect: ([p, m, v], [a, b, rates, factor]) =>
      effect('adamw', [p!, m!, v!], [pack([a!, b!]), rates!, factor!], { ...MOMENTS, scaled: true }),
    reference: ([p, m, v], at, inputs) =>
      adamwRef([p!, m!, v!, 0], FACTOR * gradient(at, inputs), ADAMW, STEPS).slice(0, 3),
  },
  adamwSkipped: {
    states: 3,
    length: LENGTH,
    inputs: [...halves, settings(RATES), settings([0])],
    effect: ([p, m, v], [a, b, rates, factor]) =>
      effect('adamw', [p!, m!, v!], [pack([a!, b!]), rates!, factor!], { ...MOMENTS, scaled: true }),
    reference: (states) => states,
  },
  sgdScaled: {
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([SGD_RATE, 0]), settings([FACTOR])],
    effect: ([p, buf], [a, b, rates, factor]) =>
      effect('sgd', [p!, buf!], [pack([a!, b!]), rates!, factor!], { ...SGD, scaled: true }),
    reference: ([p, buf], at, inputs) =>
      sgdRef([p!, buf!], FACTOR * gradient(at, inputs), { ...SGD, lr: SGD_RATE }),
  },
  lionScaled: {
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([ADAMW.lr]), settings([FACTOR])],
    effect: ([p, m], [a, b, rates, factor]) => {
      const { beta1, beta2, weightDecay } = MOMENTS;
      const attrs = { beta1, beta2, weightDecay, scaled: true } as const;
      return effect('lion', [p!, m!], [pack([a!, b!]), rates!, factor!], attrs);
    },
    reference: ([p, m], at, inputs) => lionRef([p!, m!], FACTOR * gradient(at, inputs), ADAMW),
  },
} as const satisfies Readonly<Record<string, UpdateSpec>>;
