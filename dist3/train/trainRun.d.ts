import { type RunConfig } from './config.ts';
import { type StepReport } from './loop.ts';
/** In this order; `features` and `collect` are single passes over the training images. */
export type Stage = 'features' | 'detector' | 'collect' | 'regressor' | 'classifier';
export interface TrainOptions {
    readonly run: string;
    readonly config: RunConfig;
    readonly resume?: boolean;
    /** Part of the adapter's name, or its index. */
    readonly adapter?: string;
    readonly signal?: AbortSignal;
    /** Seconds between checkpoints; default 30. */
    readonly saveEvery?: number;
    readonly onProgress?: (stage: Stage, report: StepReport) => void;
}
/**
 * Trains the detector on the mixed normal images, then its alignment, and writes `weights.safetensors`.
 * @returns false where a signal stopped it; what was done is then in the checkpoint.
 */
export declare function trainRun(options: TrainOptions): Promise<boolean>;
