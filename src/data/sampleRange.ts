/** The range of values that a file itself says its samples span. */
export interface SampleRange {
  readonly low: number;
  readonly high: number;
}

/** What the samples of a deep image are taken to span, and what of it they use. */
export interface DeepRange {
  readonly depth: string;
  readonly range: SampleRange;
  readonly declared: boolean;
}
