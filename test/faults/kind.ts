/** One row of docs/reliability.md: something that goes wrong in the world outside, tried many times. */
export interface FaultKind {
  /** What is tried, in words: the row's name. */
  readonly kind: string;
  /** How often `npm run test:faults` tries it. */
  readonly full: number;
  /** How often `npm test` tries it: seconds at most. */
  readonly short: number;
  /** Where a machine may not let it be tried: why this one does not, or null. */
  impossible?(): Promise<string | null>;
  /**
   * Tries it `count` times; what varies between the tries follows from `seed` alone.
   * `progress` may be called after each try with the number done: it is shown.
   */
  run(count: number, seed: number, progress: (done: number) => void): Promise<FaultResult>;
}

export interface FaultResult {
  readonly tried: number;
  /** Tries that ended as promised. */
  readonly survived: number;
  /** What the others did, each with what repeats it. */
  readonly failures: readonly string[];
  /** A figure that belongs beside the counts: a slope, the slowest refusal. */
  readonly note?: string;
}
