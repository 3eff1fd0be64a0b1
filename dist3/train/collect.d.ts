import type { Dataset } from '../data/index.ts';
import type { RunConfig } from './config.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { type RevdistLayouts } from './revdistPlans.ts';
import type { Session } from './session.ts';
/** Per training image: the bottleneck feature, and the mean and maximum of its un-smoothed map. */
export interface Targets {
    /** [images, C, h, w]. */
    readonly features: Float32Array;
    readonly u: Float32Array;
    readonly gamma: Float32Array;
}
/** One pass of the frozen detector over the training images: the heads then train without it. */
export declare function collectTargets(session: Session, config: RunConfig, layouts: RevdistLayouts, inputs: DetectorInputs, images: number, onBatch: (done: number, of: number) => void): Promise<Targets>;
/** The class statistics u_c and gamma_c [classes, 2], for the two alignments that know classes. */
export interface ClassTable {
    readonly classes: readonly string[];
    readonly values: Float32Array;
}
/** Means over each class's training images (methods.md 7.1). */
export declare function classTable(dataset: Dataset, targets: Targets): ClassTable;
