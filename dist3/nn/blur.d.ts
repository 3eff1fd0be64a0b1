import { type Operand, type Value } from '../graph/value.ts';
export interface BlurOptions {
    /** Odd number of taps per direction; default 5. */
    kernel?: number;
    /** Pixels; default 4. */
    sigma?: number;
    /** Beyond the border: zeros (default), or the mirrored image with its edge repeated (SciPy's "reflect"). */
    border?: 'zero' | 'symmetric';
}
/** The author's smoothing: 5 taps, sigma 4, zero border (methods.md section 1). */
export declare const AUTHOR_BLUR: {
    readonly kernel: 5;
    readonly sigma: 4;
    readonly border: 'zero';
};
/** SciPy's gaussian_filter with sigma 4, truncated at 4 sigma. */
export declare const SCIPY_BLUR: {
    readonly kernel: 33;
    readonly sigma: 4;
    readonly border: 'symmetric';
};
/** Gaussian smoothing of each plane of x [N, C, H, W], as two passes of normalised taps. */
export declare function gaussianBlur2d(x: Operand, options?: BlurOptions): Value;
/** Normalised to sum 1. */
export declare function gaussianTaps(kernel: number, sigma: number): number[];
