import { type Alignment } from '../methods/cada.ts';
import type { RunConfig } from './config.ts';
/** The four numbers of one protocol under one alignment; `reasons` says why a null is null. */
export interface Metrics {
    iAuroc: number | null;
    iAp: number | null;
    pAuroc: number | null;
    pAp: number | null;
    reasons?: Record<string, string>;
}
/** One threshold for all classes together, or one for each. */
export declare const PROTOCOLS: readonly ['model-unified', 'absolute-unified'];
export type Protocol = (typeof PROTOCOLS)[number];
export interface Results {
    readonly version: string;
    readonly adapter: string;
    readonly config: RunConfig;
    readonly protocols: {
        'absolute-unified': Record<string, Metrics>;
        'model-unified': Record<string, {
            mean: Metrics;
            classes: Record<string, Metrics>;
        }>;
    };
    /** Of one plan replay with its read-back, image decoding not counted. */
    readonly latency: {
        msPerImage: number;
        batch: number;
        alignShare: number;
    };
    /** Per alignment the averages over test images of a map's mean and of its maximum: one scale for pictures. */
    readonly mapScale: Record<string, {
        low: number;
        high: number;
    }>;
    /** Test images whose predicted maximum lay at or below the predicted mean, per alignment. */
    readonly floored: Record<string, number>;
}
export interface TestOptions {
    readonly run: string;
    readonly data?: string;
    readonly adapter?: string;
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, of: number) => void;
}
/** Scores every test image under every alignment of the run; writes results.json and scores.csv. */
export declare function testRun(options: TestOptions): Promise<Results>;
/** Whose scores the `calibrated` column of scores.csv holds. */
export declare const firstAligned: (alignments: readonly Alignment[]) => Alignment;
/** What `testRun` wrote. @throws FileError where the run was not tested yet. */
export declare function readResults(run: string): Promise<Results>;
