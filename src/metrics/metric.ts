/** A number, or why there is none. Never NaN. */
export interface Metric {
  readonly value: number | null;
  readonly reason?: string;
}

export const undefinedMetric = (reason: string): Metric => ({ value: null, reason });

/** Why a metric over these labels has no value, or null. */
export function oneClassReason(positives: number, negatives: number): string | null {
  if (positives === 0) return 'no anomalous sample';
  return negatives === 0 ? 'no normal sample' : null;
}
