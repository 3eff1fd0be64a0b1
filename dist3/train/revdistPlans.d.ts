import type { Graph } from '../graph/graph.ts';
import { type Alignment } from '../methods/cada.ts';
import { type OptimiserConfig } from '../nn/optimiser.ts';
import { type NetworkLayout } from '../nn/trainable.ts';
import { type RunConfig } from './config.ts';
/** The parts of a run's model, each a pair of slabs. */
export interface RevdistLayouts {
    readonly encoder: NetworkLayout;
    readonly detector: NetworkLayout;
    readonly regressor: NetworkLayout;
    readonly classifier: NetworkLayout;
}
/** Shape of the bottleneck feature that the heads read. */
export declare function featureShape({ encoder, size, }: Pick<RunConfig, 'encoder' | 'size'>): [number, number, number];
export declare function revdistLayouts(config: Pick<RunConfig, 'encoder' | 'size'>, classes: number): RevdistLayouts;
/** Whether a plan starts at the images or at the frozen encoder's features. */
export type StepSource = 'images' | 'taps';
type Sizes = Pick<RunConfig, 'batch' | 'size' | 'encoder'>;
type TapShape = readonly [channels: number, height: number, width: number];
/** The encoder's features of one image, finest first. */
export declare function tapShapes({ encoder, size, }: Pick<RunConfig, 'encoder' | 'size'>): [TapShape, TapShape, TapShape];
/** Their names as outputs of `tapsPlan` and inputs of the plans that start at them. */
export declare const TAP_NAMES: readonly ['tap1', 'tap2', 'tap3'];
/** Images to the encoder's features: outputs tap1, tap2, tap3. */
export declare function tapsPlan(config: Sizes, layouts: RevdistLayouts): Graph;
/** One training step of bottleneck and decoder: forward, backward, update, statistics. Output: loss. */
export declare function detectorStep(config: Sizes, layouts: RevdistLayouts, optimiser?: OptimiserConfig, source?: StepSource): Graph;
/** What the heads learn from, for one batch: the feature and the un-smoothed map's mean and maximum. */
export declare function collectPlan(config: Sizes, layouts: RevdistLayouts, source?: StepSource): Graph;
/** One training step of a head on cached features. Inputs: feature, targets (or labels), key. Output: loss. */
export declare function headStep(config: Pick<RunConfig, 'encoder' | 'size'>, layouts: RevdistLayouts, which: 'regressor' | 'classifier', classes: number): Graph;
/**
 * Images to maps and scores, under every alignment of the run at once: network, map, calibration, smoothing and
 * scores in one plan. Inputs: images; labels (i32 [N]) and table [k, 2] where an alignment reads classes.
 * Outputs: u, gamma of each map; `map.A` [N, H, W] and `score.A` [N] per alignment; `statistics.A` [N, 2].
 */
export declare function scorePlan(config: Sizes & Pick<RunConfig, 'smoothing' | 'scoreFraction'>, layouts: RevdistLayouts, alignments: readonly Alignment[], classes: number, wanted?: {
    maps: boolean;
}): Graph;
export {};
