import type { KeyCounts } from './keyCounts.ts';

/** What a measure has gathered of some images. All of it is counted in whole numbers. */
export interface Gathered {
  readonly counts?: KeyCounts;
  readonly numbers?: Readonly<Record<string, number>>;
  /** Images left out, by reason. */
  readonly skipped?: Readonly<Record<string, number>>;
}

/** Gathers in parts: what was gathered of some images and of others adds up, exactly and in any order. */
export interface Gathering {
  gathered(): Gathered;
  /** Adds what was gathered of other images. */
  join(others: Gathered): void;
}
