import { requireOneOf } from '../arguments.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import type { OptionNames } from '../options.ts';

const REDUCTIONS = ['mean', 'sum', 'none'] as const;

/** What becomes of the losses of all elements: their mean, their sum, or themselves. */
export type LossReduction = (typeof REDUCTIONS)[number];

/** What all losses take. */
export interface LossOptions {
  /** Default `mean`. */
  reduction?: LossReduction;
}

export const LOSS_OPTIONS: OptionNames<LossOptions> = { reduction: true };

export const requireReduction = (op: string, reduction: LossReduction): void =>
  requireOneOf(op, 'reduction', reduction, REDUCTIONS);

/** `losses` under `reduction`. @throws ConfigError unless it is one of the three. */
export function reduced(op: string, losses: Value, reduction: LossReduction = 'mean'): Value {
  requireReduction(op, reduction);
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
}
