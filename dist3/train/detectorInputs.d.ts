import type { ImageLoader } from '../data/index.ts';
import type { NumberArray } from '../runtime/state.ts';
import type { RunConfig } from './config.ts';
import { type RevdistLayouts, type StepSource } from './revdistPlans.ts';
import type { Session } from './session.ts';
/** What the detector's plans read for a set of training images, by their indices. */
export interface DetectorInputs {
    readonly source: StepSource;
    at(indices: readonly number[]): Promise<Record<string, NumberArray>>;
}
/**
 * The encoder is frozen and training images are not augmented, so its features are computed once where they fit
 * into `limit` bytes, and from the image at every step where they do not. Both give the same numbers.
 */
export declare function detectorInputs(session: Session, config: RunConfig, layouts: RevdistLayouts, loader: ImageLoader, paths: readonly string[], onBatch: (done: number, of: number) => void, limit?: number): Promise<DetectorInputs>;
