import { NotFiniteError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { range } from '../shape.ts';
import { type Metric, oneClassReason, requirePairs, undefinedMetric } from './metric.ts';

/** Samples with equal scores, which enter every curve together. */
interface TiedGroup {
  readonly score: number;
  readonly positives: number;
  readonly negatives: number;
}

/** Distinct scores, highest first. `labels[i]` is truthy where sample i is anomalous. */
function tiedGroups(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): TiedGroup[] {
  requirePairs('ranking', scores, labels);
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i]!))
      throw new NotFiniteError(`score ${i} is ${scores[i]}, expected a finite number`);
  }
  const order = range(scores.length).sort((a, b) => scores[b]! - scores[a]!);
  const groups: { score: number; positives: number; negatives: number }[] = [];
  for (const i of order) {
    const last = groups.at(-1);
    const group = last && last.score === scores[i] ? last : { score: scores[i]!, positives: 0, negatives: 0 };
    if (group !== last) groups.push(group);
    if (labels[i]) group.positives += 1;
    else group.negatives += 1;
  }
  return groups;
}

const count = (groups: Iterable<TiedGroup>): { positives: number; negatives: number } => {
  let positives = 0;
  let negatives = 0;
  for (const group of groups) {
    positives += group.positives;
    negatives += group.negatives;
  }
  return { positives, negatives };
};

/** Probability that a random anomalous sample scores above a random normal one, ties counting half. */
function aurocOf(groups: readonly TiedGroup[]): Metric {
  const { positives, negatives } = count(groups);
  const reason = oneClassReason(positives, negatives);
  if (reason) return undefinedMetric(reason);
  let area = 0;
  let seen = 0;
  for (const group of groups) {
    area += group.negatives * (seen + group.positives / 2);
    seen += group.positives;
  }
  return { value: area / (positives * negatives) };
}

/** Sum over distinct scores of recall gained times precision: no interpolation (evaluation.md 3.1). */
function averagePrecisionOf(groups: readonly TiedGroup[]): Metric {
  const { positives, negatives } = count(groups);
  const reason = oneClassReason(positives, negatives);
  if (reason) return undefinedMetric(reason);
  let hits = 0;
  let flagged = 0;
  let total = 0;
  for (const group of groups) {
    hits += group.positives;
    flagged += group.positives + group.negatives;
    total += (group.positives / positives) * (hits / flagged);
  }
  return { value: total };
}

/**
 * Area under the ROC curve: the probability that an anomalous sample scores above a normal one, ties counting half.
 * `labels[i]` is truthy where sample i is anomalous. @throws NotFiniteError, ShapeError where the lengths differ.
 */
export const auroc = (
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  ...extra: never[]
): Metric => {
  refuseExtra('auroc', extra);
  return aurocOf(tiedGroups(scores, labels));
};

/** Precision averaged over the recall gained at each distinct score, without interpolation. Arguments as of `auroc`. */
export const averagePrecision = (
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  ...extra: never[]
): Metric => {
  refuseExtra('averagePrecision', extra);
  return averagePrecisionOf(tiedGroups(scores, labels));
};

/** The highest F1 over all thresholds, and the threshold (flag scores at or above it) that reaches it. */
export function f1Max(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  ...extra: never[]
): { value: number; threshold: number } | { value: null; reason: string } {
  refuseExtra('f1Max', extra);
  const groups = tiedGroups(scores, labels);
  const { positives, negatives } = count(groups);
  const reason = oneClassReason(positives, negatives);
  if (reason) return { value: null, reason };
  let best = { value: 0, threshold: groups[0]!.score };
  let hits = 0;
  let flagged = 0;
  for (const group of groups) {
    hits += group.positives;
    flagged += group.positives + group.negatives;
    const value = (2 * hits) / (flagged + positives);
    if (value > best.value) best = { value, threshold: group.score };
  }
  return best;
}

/** Points (false-positive rate, true-positive rate) from (0, 0), nothing flagged, to (1, 1), thinned evenly to at most `most`. */
export function rocCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  most = 400,
  ...extra: never[]
): [number, number][] {
  refuseExtra('rocCurve', extra);
  const points = curve(scores, labels, most - 1, (hits, flagged, positives, negatives) => [
    (flagged - hits) / negatives,
    hits / positives,
  ]);
  return points.length === 0 ? [] : [[0, 0], ...points];
}

/** Points (recall, precision), thinned evenly to at most `most`. */
export function precisionRecallCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  most = 400,
  ...extra: never[]
): [number, number][] {
  refuseExtra('precisionRecallCurve', extra);
  return curve(scores, labels, most, (hits, flagged, positives) => [hits / positives, hits / flagged]);
}

function curve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  most: number,
  point: (hits: number, flagged: number, positives: number, negatives: number) => [number, number],
): [number, number][] {
  const groups = tiedGroups(scores, labels);
  const { positives, negatives } = count(groups);
  if (oneClassReason(positives, negatives)) return [];
  let hits = 0;
  let flagged = 0;
  const points = groups.map((group) => {
    hits += group.positives;
    flagged += group.positives + group.negatives;
    return point(hits, flagged, positives, negatives);
  });
  const step = Math.max(1, (points.length - 1) / (most - 1));
  return points.filter(
    (_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step) || i === points.length - 1,
  );
}
