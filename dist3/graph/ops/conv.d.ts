import { type Shape } from '../../shape.ts';
import { type Operand, type Value } from '../value.ts';
export declare const convOps: {
    /** x [N, C, H, W], weight [Cout, C/groups, kh, kw]. attrs: geometry, epilogue?. */
    readonly conv2d: {
        readonly takesEpilogue: true;
    };
    /** dy [N, Cout, OH, OW], weight -> dx [N, C, H, W]. attrs: geometry, epilogue?. */
    readonly conv2dInputGrad: {
        readonly takesEpilogue: true;
    };
    /** x, dy -> dweight [Cout, C/groups, kh, kw]. attrs: geometry. */
    readonly conv2dWeightGrad: {};
};
/** Everything that fixes a convolution's arithmetic beside the shapes. Pairs are (vertical, horizontal). */
export interface ConvGeometry {
    readonly stride: readonly [number, number];
    /** top, bottom, left, right. */
    readonly padding: readonly [number, number, number, number];
    readonly dilation: readonly [number, number];
    readonly groups: number;
}
type Pair = number | readonly [number, number];
export interface ConvOptions {
    /** Default 1. */
    stride?: Pair;
    /** Zeros around x: one number, (vertical, horizontal), or (top, bottom, left, right); default 0. */
    padding?: Pair | readonly [number, number, number, number];
    /** Default 1. */
    dilation?: Pair;
    /** Default 1. */
    groups?: number;
    /** [Cout], added to each channel. */
    bias?: Operand;
}
/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export declare function conv2d(x: Operand, weight: Operand, options?: ConvOptions): Value;
export interface ConvTransposeOptions extends ConvOptions {
    /** Rows and columns added at the bottom and right; default 0. */
    outputPadding?: Pair;
}
/**
 * The transpose of conv2d: x [N, Cin, H, W], weight [Cin, Cout/groups, kh, kw] -> [N, Cout, OH, OW] with
 * OH = (H - 1) stride - padding + dilation (kh - 1) + 1 + outputPadding.
 */
export declare function convTranspose2d(x: Operand, weight: Operand, options?: ConvTransposeOptions): Value;
/** dL/dx of conv2d from dL/dy. `shape` is x's. */
export declare const conv2dInputGrad: (dy: Value, weight: Value, geometry: ConvGeometry, shape: Shape) => Value;
/** dL/dweight of conv2d from x and dL/dy. `shape` is the weight's. */
export declare const conv2dWeightGrad: (x: Value, dy: Value, geometry: ConvGeometry, shape: Shape) => Value;
/** conv2d without checks, for the derivatives of the derivatives. */
export declare const conv2dOf: (x: Value, weight: Value, geometry: ConvGeometry, shape: Shape) => Value;
export declare const outputSize: (size: number, kernel: number, stride: number, padding: number, dilation?: number) => number;
export declare const pair: (value: Pair) => readonly [number, number];
export {};
