import { pack } from '../../graph/ops/movement.ts';
import { adamw, assign, assignAverage, sgd } from '../../graph/ops/update.ts';
import { shaped, type UpdateCheck } from './check.ts';

/** Of every state element: the optimisers' settings are those of some step in the middle of a training. */
const LENGTH = 1024;
const ADAMW = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 } as const;
const RATES = [0.01, 1 - 0.9 ** 7, 1 - 0.999 ** 7].map(Math.fround);
const SGD = { momentum: 0.9, weightDecay: 0.01 } as const;

const settings = (values: readonly number[]) => {
  let next = 0;
  return { shape: [values.length], draw: () => values[next++ % values.length]! };
};

/** The gradient arrives in two parts, as those of layers do. */
const halves = shaped([LENGTH / 2], [LENGTH / 2]);
const gradient = (at: number, [first, second]: readonly Float64Array[]): number =>
  at < LENGTH / 2 ? first![at]! : second![at - LENGTH / 2]!;

function adamwAfter(p: number, m: number, v: number, g: number, vmax: number): number[] {
  const [lr, first, second] = RATES as [number, number, number];
  const m1 = ADAMW.beta1 * m + (1 - ADAMW.beta1) * g;
  const v1 = ADAMW.beta2 * v + (1 - ADAMW.beta2) * g * g;
  const top = Math.max(vmax, v1);
  const step = (lr / first) * (m1 / (Math.sqrt(top / second) + ADAMW.eps));
  return [p * (1 - lr * ADAMW.weightDecay) - step, m1, v1, top];
}

export const updateChecks: readonly UpdateCheck[] = [
  {
    name: 'assign',
    states: 1,
    length: LENGTH,
    inputs: shaped([LENGTH]),
    effect: ([s], [x]) => assign(s!, x!),
    reference: (_, at, [x]) => [x![at]!],
  },
  {
    name: 'assignAverage',
    states: 1,
    length: LENGTH,
    inputs: shaped([LENGTH]),
    effect: ([s], [x]) => assignAverage(s!, x!, 0.1),
    reference: ([s], at, [x]) => [s! + 0.1 * (x![at]! - s!)],
  },
  {
    name: 'adamw',
    states: 3,
    length: LENGTH,
    inputs: [...halves, settings(RATES)],
    effect: ([p, m, v], [a, b, rates]) => adamw({ p: p!, m: m!, v: v! }, pack([a!, b!]), rates!, ADAMW),
    reference: ([p, m, v], at, inputs) => adamwAfter(p!, m!, v!, gradient(at, inputs), 0).slice(0, 3),
  },
  {
    name: 'adamw, amsgrad',
    states: 4,
    length: LENGTH,
    inputs: [...halves, settings(RATES)],
    effect: ([p, m, v, vmax], [a, b, rates]) =>
      adamw({ p: p!, m: m!, v: v!, vmax: vmax! }, pack([a!, b!]), rates!, ADAMW),
    reference: ([p, m, v, vmax], at, inputs) => adamwAfter(p!, m!, v!, gradient(at, inputs), vmax!),
  },
  {
    name: 'sgd',
    states: 2,
    length: LENGTH,
    inputs: [...halves, settings([0.05, 0].map(Math.fround))],
    effect: ([p, buf], [a, b, rates]) => sgd({ p: p!, buf: buf! }, pack([a!, b!]), rates!, SGD),
    reference: ([p, buf], at, inputs) => {
      const momentum = SGD.momentum * buf! + gradient(at, inputs) + SGD.weightDecay * p!;
      return [p! - Math.fround(0.05) * momentum, momentum];
    },
  },
];
