/** Plain float64 arithmetic that the adapter's answers are held against. Slow and obvious on purpose. */
/** A row-major array with its shape. */
export interface Array64 {
    readonly shape: readonly number[];
    readonly data: Float64Array;
}
export interface Window {
    readonly stride: number;
    readonly padding: number;
}
/** x [N, C, H, W], w [O, C, kh, kw] -> [N, O, oh, ow]. */
export declare function conv2d64(x: Array64, w: Array64, { stride, padding }: Window): Array64;
/** Maximum over 3 x 3 at stride 2, padding 1. */
export declare function maxPool64(x: Array64): Array64;
/** Each element with its channel's index: x [N, C, ...]. */
export declare function perChannel64(x: Array64, fn: (value: number, channel: number) => number): Array64;
export declare const map64: (x: Array64, fn: (value: number, i: number) => number) => Array64;
