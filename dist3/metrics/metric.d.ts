/** A number, or why there is none. Never NaN. */
export interface Metric {
    readonly value: number | null;
    readonly reason?: string;
}
export declare const undefinedMetric: (reason: string) => Metric;
/** Why a metric over these labels has no value, or null. */
export declare function oneClassReason(positives: number, negatives: number): string | null;
