import { requireCount, requireFunction, requireProbability } from '../arguments.ts';
import { ConfigError, gotText } from '../errors.ts';
import { refuseExtra, requireOptions } from '../options.ts';

/** Factor of the learning rates at `step` (from 0) of `iterations`. */
export type Schedule = (step: number, iterations: number) => number;

/** Starts at 1 and is multiplied by `factor` at each of these shares of the iterations. */
export const stepDecay =
  (factor: number, ...shares: readonly number[]): Schedule =>
  (step, iterations, ...extra: never[]) => {
    refuseExtra('rate', extra);
    return shares.reduce((rate, share) => (step < Math.floor(share * iterations) ? rate : rate * factor), 1);
  };

/** The learning rate at `step` (from 0), for `Optimiser.step`. */
export type RateSchedule = (step: number) => number;

/** lr, multiplied by `factor` after every `every` steps. */
export function stepRate(
  options: { lr: number; every: number; factor?: number },
  ...extra: never[]
): RateSchedule {
  refuseExtra('stepRate', extra);
  requireOptions('stepRate', options, { lr: true, every: true, factor: true });
  const { lr, every, factor = 0.1 } = options;
  requireRate('stepRate', 'lr', lr);
  requireCount('stepRate', 'every', every, 1);
  requireRate('stepRate', 'factor', factor);
  return rate((step) => lr * factor ** Math.floor(step / every));
}

/** From lr down to `last` (default 0) over `steps` along half a cosine, and `last` from then on (Loshchilov and Hutter 2017). */
export function cosineRate(
  options: { lr: number; steps: number; last?: number },
  ...extra: never[]
): RateSchedule {
  refuseExtra('cosineRate', extra);
  requireOptions('cosineRate', options, { lr: true, steps: true, last: true });
  const { lr, steps, last = 0 } = options;
  requireRate('cosineRate', 'lr', lr);
  requireRate('cosineRate', 'last', last);
  requireCount('cosineRate', 'steps', steps, 1);
  return rate((step) => between(lr, last, Math.min(1, step / steps)));
}

/** `then`, preceded by `steps` steps that climb in a straight line: the first takes 1 / steps of its first rate. */
export function warmUp(steps: number, then: RateSchedule, ...extra: never[]): RateSchedule {
  refuseExtra('warmUp', extra);
  requireCount('warmUp', 'steps', steps, 1);
  requireFunction('warmUp', 'then', then);
  return rate((step) => (step < steps ? (then(0) * (step + 1)) / steps : then(step - steps)));
}

/**
 * Up from lr / `start` to lr over the first `warm` of `steps`, then down to lr / (start `end`), both along half a cosine (Smith
 * and Topin 2018; PyTorch's OneCycleLR). Defaults: warm 0.3, start 25, end 10,000.
 */
export function oneCycleRate(
  options: { lr: number; steps: number; warm?: number; start?: number; end?: number },
  ...extra: never[]
): RateSchedule {
  refuseExtra('oneCycleRate', extra);
  requireOptions('oneCycleRate', options, { lr: true, steps: true, warm: true, start: true, end: true });
  const { lr, steps, warm = 0.3, start = 25, end = 1e4 } = options;
  requireRate('oneCycleRate', 'lr', lr);
  requireCount('oneCycleRate', 'steps', steps, 2);
  requireProbability('oneCycleRate', 'warm', warm);
  for (const [name, value] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new ConfigError(`oneCycleRate: ${name} expects more than 0, got ${gotText(value)}`);
    }
  }
  const top = warm * steps - 1;
  const first = lr / start;
  return rate((step) => {
    if (step <= top) return between(first, lr, top <= 0 ? 1 : step / top);
    return between(lr, first / end, Math.min(1, (step - top) / (steps - 1 - top)));
  });
}

/** From `a` to `b` along half a cosine; `share` from 0 to 1. */
const between = (a: number, b: number, share: number): number =>
  b + ((a - b) * (1 + Math.cos(Math.PI * share))) / 2;

const rate =
  (at: RateSchedule): RateSchedule =>
  (step, ...extra: never[]) => {
    refuseExtra('rate', extra);
    requireCount('rate', 'step', step, 0);
    return at(step);
  };

function requireRate(where: string, name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new ConfigError(`${where}: ${name} expects a number of at least 0, got ${gotText(value)}`);
}
