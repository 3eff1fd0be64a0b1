/** Class-agnostic distribution alignment: the statistics, the heads and the calibration; methods.md section 7. */
import { type Value } from '../graph/value.ts';
import { type BlurOptions } from '../nn/blur.ts';
import { type Layers, type ParameterSpec } from '../nn/layers.ts';
/** `none`; CADA; CaDA-A (the true class's statistics); CaDA-B (those of the class that a head names). */
export declare const ALIGNMENTS: readonly ['none', 'cada', 'class', 'classifier'];
export type Alignment = (typeof ALIGNMENTS)[number];
/** Mean and maximum of each map [N, 1, H, W] -> two [N]: what the regressor learns to predict. */
export declare function mapStatistics(map: Value): {
    u: Value;
    gamma: Value;
};
/** The regressor's or classifier's tensors, `regressor.*` or `classifier.*`. */
export declare const headSpecs: (name: string, feature: readonly number[], outputs: number) => ParameterSpec[];
/** Bottleneck feature [N, C, h, w] -> [N, outputs]. */
export declare const head: (layers: Layers, name: string, feature: Value, outputs: number) => Value;
/** Equation 3: both predictions against the image's own mean and maximum. predicted, targets [N, 2]. */
export declare function regressorLoss(predicted: Value, targets: Value, alpha: number): Value;
/** Equation 2. */
export declare const classifierLoss: (logits: Value, labels: Value) => Value;
/** The denominator of equation 5 is at least this share of max(1, |u|). */
export declare const DENOMINATOR_FLOOR = 0.000001;
/**
 * Equation 5: (map - u) / (gamma - u), with u and gamma [N, 2]. Where gamma is predicted at or below u the
 * floor stands in: nothing becomes infinite, and no image's ranking flips. `floorActs` counts such images.
 */
export declare function calibrate(map: Value, statistics: Value): Value;
/** Whether the floor of `calibrate` acts for these statistics. */
export declare const floorActs: (u: number, gamma: number) => boolean;
/** What both the image score and the pixel scores are read from. */
export interface Scored {
    /** [N, H, W]. */
    readonly map: Value;
    /** Mean of the highest fraction of the map: [N]. */
    readonly score: Value;
}
/** Calibration, then smoothing, then the score (methods.md 4.5, steps 4 to 6). */
export declare function scoreMap(map: Value, statistics: Value | null, blur: BlurOptions, fraction: number): Scored;
export declare const CADA_DEFAULTS: {
    readonly iterations: 5000;
    readonly batch: 16;
    readonly optimiser: {
        readonly kind: 'sgd';
        readonly lr: 0.05;
        readonly momentum: 0.9;
        readonly weightDecay: 0.0001;
    };
    readonly scoreFraction: 0.01;
};
