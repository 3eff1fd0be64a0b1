import type { Timing } from './sampler.ts';
/** One measured case. Rates are null where the case has no such work. */
export interface BenchRecord extends Timing {
    readonly suite: string;
    readonly name: string;
    readonly adapter: string;
    readonly shape: string;
    readonly dtype: string;
    readonly variant: string;
    readonly gflops: number | null;
    readonly gbs: number | null;
    readonly rooflineShare: number | null;
    readonly peer: string | null;
    readonly ratio: number | null;
}
export declare function writeRecords(path: string, records: readonly BenchRecord[]): Promise<void>;
export declare function readRecords(path: string): Promise<BenchRecord[]>;
export interface Comparison {
    readonly name: string;
    /** Time before over time now: above 1 is faster. */
    readonly ratio: number;
    /** The half width within which both runs' own spread explains the ratio. */
    readonly band: number;
    readonly slower: boolean;
}
/** Cases that both files have, by suite, name and shape. */
export declare function compareRecords(before: readonly BenchRecord[], now: readonly BenchRecord[]): Comparison[];
export declare function formatRecords(records: readonly BenchRecord[]): string;
