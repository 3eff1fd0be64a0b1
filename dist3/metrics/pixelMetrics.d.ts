import { type Metric } from './metric.ts';
export interface PixelMetrics {
    readonly auroc: Metric;
    readonly ap: Metric;
}
/** Pixel scores in, P-AUROC and P-AP out, whatever the number of images. */
export interface PixelAccumulator {
    /** One image: scores and a mask of the same size, non-zero where anomalous. */
    add(scores: Float32Array, mask: ArrayLike<number>): void;
    finish(): PixelMetrics;
}
/**
 * Exact: scores become integers that order like the floats, and equal keys are counted. Memory follows the
 * number of distinct scores seen within a batch and overall, 16 bytes each, not the number of pixels.
 */
export declare function pixelAccumulator(): PixelAccumulator;
