import { fields, number, oneOf, readExpected, tableOf, text } from '../formats/expectation.ts';
import {
  ALIGNMENTS,
  type Alignment,
  HEAD_OF,
  predictingAlignment,
  UNALIGNED,
} from '../methods/alignments/index.ts';
import type { Interval } from '../metrics/index.ts';
import type { Precision } from '../nn/trainable.ts';
import type { RunConfig } from '../run/settings.ts';

/** A run's threshold and where it comes from; in the metadata of its weights. */
export interface StoredThreshold {
  /** Scores at or above it are anomalous. */
  readonly value: number;
  /** The alignment whose scores it applies to. */
  readonly alignment: Alignment;
  /** The false-alarm rate that was asked for, and the one promised for new images like these. */
  readonly target: number;
  readonly rate: number;
  readonly images: number;
  readonly source: 'training images' | 'given images';
  /** SHA-256 of the images' names, sorted, one a line. */
  readonly list: string;
  readonly interval: Interval;
  /** For comparison: a threshold for each hidden class by itself, where classes are known. */
  readonly classes: Readonly<Record<string, ClassThreshold>>;
  /** Precision of the scores; absent: f32. */
  readonly precision?: Precision;
  /** How images were sized and cut, in words; absent: as trained. */
  readonly sized?: string;
}

/** `rate` exceeds the target if the class has too few images for it; it is then the lowest rate possible. */
export interface ClassThreshold {
  readonly value: number;
  readonly rate: number;
  readonly images: number;
}

/**
 * The threshold in a run's weights, or null where none has been found. @param path for errors.
 * @throws FileError where it was edited.
 */
export function thresholdIn(path: string, metadata: ReadonlyMap<string, string>): StoredThreshold | null {
  const json = metadata.get('threshold');
  if (json === undefined) return null;
  const fix = 'it was edited: find it again with `wgad threshold`';
  return readExpected<StoredThreshold>(path, json, THRESHOLD, { at: 'threshold', fix });
}

const RATED = { value: number, rate: number, images: number };
const THRESHOLD = fields({
  ...RATED,
  alignment: oneOf(ALIGNMENTS),
  target: number,
  source: text,
  list: text,
  interval: fields({ low: number, high: number, level: number, resamples: number }),
  classes: tableOf(fields(RATED)),
});

/**
 * The alignment whose scores `predict` uses: the first that predicts each image's statistics, else the first whose head
 * predicts the class. A table row for the true class would need the class.
 */
export const servedAlignment = ({ align }: Pick<RunConfig, 'align'>): Alignment =>
  predictingAlignment(align) ?? align.find((each) => HEAD_OF[each] !== null) ?? UNALIGNED;
