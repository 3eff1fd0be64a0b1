/** What training, scoring and reports know of an alignment. The alignments themselves are listed in alignments/table.ts. */
import type { Value } from '../../graph/value.ts';

/** What may be a map's upper level in equation 5, by its name in `mapStatistics`; in words. */
export const LEVELS = { gamma: 'maximum', upper: 'mean + 3 standard deviations' } as const;
export type Level = keyof typeof LEVELS;

/** What a head's predictions are compared with, for one batch. */
export interface HeadTruth {
  /** Each image's own u and level: [N, 2]. */
  targets(level: Level): Value;
  /** Each image's class: i32 [N]. */
  labels(): Value;
}

/** A network on a detector's embedding that an alignment predicts with. */
export interface AlignmentHead<Name extends string = string> {
  /** Also the stage of training, and the first word of its tensors' names. */
  readonly name: Name;
  /** What it predicts beside an image's u, by which unfamiliar images are marked too; or the class alone. */
  readonly learns: Level | 'label';
  /** How many numbers it predicts. */
  outputs(classes: number): number;
  /** One element. @param predicted [N, outputs] @param alpha of smooth-L1 */
  loss(predicted: Value, truth: HeadTruth, alpha: number): Value;
}

/** What an alignment may ask for in a scoring plan. What it does not ask for is not computed. */
interface Known {
  /** What its head makes of each image: [N, outputs]. */
  predicted(): Value;
  /** The class of each image, as the user gives it: i32 [N]. */
  labels(): Value;
  /** The average statistics of these classes: i32 [N] -> [N, 2]. Only with `readsTable`. */
  ofClass(labels: Value): Value;
  readonly classes: number;
}

/** An alignment. `Name` is its head's. */
export interface AlignmentRecord<Name extends string = never> {
  /** What an image's mean and level are taken to be, for docs/methods.md. */
  readonly summary: string;
  /** What calibrated scores call 1, in words; 0 is the mean of the same map. Null: nothing is calibrated. */
  readonly unit: string | null;
  /** Trained after the detector; absent: none. */
  readonly head?: AlignmentHead<Name>;
  /** It reads the table of the classes' average statistics (`--class-table`). */
  readonly readsTable?: true;
  /** u and level of each image [N, 2]; null: nothing is calibrated. */
  statistics(known: Known): Value | null;
}
