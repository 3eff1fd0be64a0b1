import { type Metric } from './metric.ts';
/** Samples with equal scores, which enter every curve together. */
export interface TiedGroup {
    readonly score: number;
    readonly positives: number;
    readonly negatives: number;
}
/** Distinct scores, highest first. `labels[i]` is truthy where sample i is anomalous. */
export declare function tiedGroups(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): TiedGroup[];
/** Probability that a random anomalous sample scores above a random normal one, ties counting half. */
export declare function aurocOf(groups: readonly TiedGroup[]): Metric;
/** Sum over distinct scores of recall gained times precision: no interpolation (evaluation.md 3.1). */
export declare function averagePrecisionOf(groups: readonly TiedGroup[]): Metric;
export declare const auroc: (scores: ArrayLike<number>, labels: ArrayLike<number | boolean>) => Metric;
export declare const averagePrecision: (scores: ArrayLike<number>, labels: ArrayLike<number | boolean>) => Metric;
/** The highest F1 over all thresholds, and the threshold (flag scores at or above it) that reaches it. */
export declare function f1Max(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): {
    value: number;
    threshold: number;
} | {
    value: null;
    reason: string;
};
/** Points (false-positive rate, true-positive rate), thinned evenly to at most `most`. */
export declare function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>, most?: number): [number, number][];
/** Points (recall, precision), thinned evenly to at most `most`. */
export declare function precisionRecallCurve(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>, most?: number): [number, number][];
