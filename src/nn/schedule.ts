import { refuseExtra } from '../options.ts';

/** Factor of the learning rates at `step` (from 0) of `iterations`. */
export type Schedule = (step: number, iterations: number) => number;

/** Starts at 1 and is multiplied by `factor` at each of these shares of the iterations. */
export const stepDecay =
  (factor: number, ...shares: readonly number[]): Schedule =>
  (step, iterations, ...extra: never[]) => {
    refuseExtra('rate', extra);
    return shares.reduce((rate, share) => (step < Math.floor(share * iterations) ? rate : rate * factor), 1);
  };
