import { ShapeError } from '../errors.ts';

/** @throws ShapeError unless every score has a label: one that is missing would count as normal. */
export function requirePairs(what: string, scores: ArrayLike<unknown>, labels: ArrayLike<unknown>): void {
  if (scores.length === labels.length) return;
  throw new ShapeError(
    `${what}: expects as many labels as scores, got ${labels.length} for ${scores.length} scores`,
  );
}

/** A number, or the reason why it is undefined. Never NaN. */
export interface Metric {
  /** Null where it is undefined. */
  readonly value: number | null;
  /** Why it is undefined; absent where it is not. */
  readonly reason?: string;
}

export const undefinedMetric = (reason: string): Metric => ({ value: null, reason });

/** Why a metric over these labels has no value, or null. */
export function oneClassReason(positives: number, negatives: number): string | null {
  if (positives === 0) return 'no anomalous sample';
  return negatives === 0 ? 'no normal sample' : null;
}
