/** Class-agnostic distribution alignment: the statistics, the heads and the calibration; methods.md section 7. */
import { reshape, slice } from '../graph/ops/movement.js';
import { abs, add, div, maximum, scale, sub } from '../graph/ops/pointwise.js';
import { max, mean } from '../graph/ops/reduce.js';
import { input } from '../graph/value.js';
import { alignHead } from '../models/regressor.js';
import { gaussianBlur2d } from '../nn/blur.js';
import { declare, within } from '../nn/layers.js';
import { crossEntropy, smoothL1Loss } from '../nn/losses.js';
import { topFractionMean } from '../nn/topFraction.js';
/** `none`; CADA; CaDA-A (the true class's statistics); CaDA-B (those of the class that a head names). */
export const ALIGNMENTS = ['none', 'cada', 'class', 'classifier'];
/** Mean and maximum of each map [N, 1, H, W] -> two [N]: what the regressor learns to predict. */
export function mapStatistics(map) {
    return { u: mean(map, { axes: [1, 2, 3] }), gamma: max(map, { axes: [1, 2, 3] }) };
}
/** The regressor's or classifier's tensors, `regressor.*` or `classifier.*`. */
export const headSpecs = (name, feature, outputs) => declare((layers) => head(layers, name, input('feature', [1, ...feature]), outputs));
/** Bottleneck feature [N, C, h, w] -> [N, outputs]. */
export const head = (layers, name, feature, outputs) => within(layers, name, (inner) => alignHead(inner, feature, { outputs }));
/** Equation 3: both predictions against the image's own mean and maximum. predicted, targets [N, 2]. */
export function regressorLoss(predicted, targets, alpha) {
    const column = (x, i) => slice(x, [null, { start: i, end: i + 1 }]);
    return add(smoothL1Loss(column(predicted, 0), column(targets, 0), alpha), smoothL1Loss(column(predicted, 1), column(targets, 1), alpha));
}
/** Equation 2. */
export const classifierLoss = (logits, labels) => crossEntropy(logits, labels);
/** The denominator of equation 5 is at least this share of max(1, |u|). */
export const DENOMINATOR_FLOOR = 1e-6;
/**
 * Equation 5: (map - u) / (gamma - u), with u and gamma [N, 2]. Where gamma is predicted at or below u the
 * floor stands in: nothing becomes infinite, and no image's ranking flips. `floorActs` counts such images.
 */
export function calibrate(map, statistics) {
    const n = map.shape[0];
    const column = (i) => reshape(slice(statistics, [null, { start: i, end: i + 1 }]), [n, 1, 1, 1]);
    const [u, gamma] = [column(0), column(1)];
    const floor = scale(maximum(abs(u), 1), DENOMINATOR_FLOOR);
    return div(sub(map, u), maximum(sub(gamma, u), floor));
}
/** Whether the floor of `calibrate` acts for these statistics. */
export const floorActs = (u, gamma) => !(gamma - u > DENOMINATOR_FLOOR * Math.max(1, Math.abs(u)));
/** Calibration, then smoothing, then the score (methods.md 4.5, steps 4 to 6). */
export function scoreMap(map, statistics, blur, fraction) {
    const [n, , h, w] = map.shape;
    const smooth = gaussianBlur2d(statistics ? calibrate(map, statistics) : map, blur);
    const flat = reshape(smooth, [n, h, w]);
    return { map: flat, score: topFractionMean(flat, fraction) };
}
export const CADA_DEFAULTS = {
    iterations: 5000,
    batch: 16,
    optimiser: { kind: 'sgd', lr: 5e-2, momentum: 0.9, weightDecay: 1e-4 },
    scoreFraction: 0.01,
};
//# sourceMappingURL=cada.js.map