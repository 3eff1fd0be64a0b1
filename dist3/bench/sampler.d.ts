/** One case: `enqueue` submits `repeats` runs without waiting, `finish` waits for all that was submitted. */
export interface BenchCase {
    enqueue(repeats: number): void;
    finish(): Promise<void>;
}
export interface Timing {
    readonly medianMs: number;
    readonly p10Ms: number;
    readonly p90Ms: number;
    readonly runs: number;
}
/**
 * Wall time of one run. Warms up until five samples in a row lie within 10 % of each other (25 at most), then
 * takes `samples`; each is as many runs as fill 20 ms, with one wait at its end and no read-back.
 */
export declare function sample(each: BenchCase, samples?: number): Promise<Timing>;
