import type { Alignment } from '../methods/cada.ts';
import type { RunConfig } from './config.ts';
/** One image as a trained run sees it. */
export interface ScoredImage {
    readonly scores: ReadonlyMap<Alignment, number>;
    /** [size, size] each. */
    readonly maps: ReadonlyMap<Alignment, Float32Array>;
    /** (u, gamma) as each alignment knows them. */
    readonly statistics: ReadonlyMap<Alignment, readonly [number, number]>;
}
/** A trained run on a device. */
export interface Scorer {
    readonly adapter: string;
    readonly alignments: readonly Alignment[];
    readonly classes: readonly string[];
    /** Up to a batch of images [n, 3, size, size]; class indices are read by CaDA-A alone. */
    score(images: Float32Array, classes: readonly number[]): Promise<ScoredImage[]>;
    /** Median ms of one replay per image at the run's batch size, and the share of it that `alignment` adds. */
    latency(alignment: Alignment): Promise<{
        msPerImage: number;
        alignShare: number;
    }>;
    close(): void;
}
/** @param options.alignments default: none and all that the run was trained with. */
export declare function openScorer(run: string, config: RunConfig, options?: {
    adapter?: string;
    alignments?: readonly Alignment[];
}): Promise<Scorer>;
