import { type Operand, type Value } from '../value.ts';
export declare const poolOps: {
    /** x [N, C, H, W]. attrs: window. */
    readonly maxPool2d: {};
    /** x, dy -> dx: each dy goes to the first largest element of its window. attrs: window. */
    readonly maxPool2dGrad: {
        readonly nonDifferentiable: 'second derivatives of max pooling are not implemented';
    };
    /** x [N, C, H, W]. attrs: window. Padding counts as zeros in the mean. */
    readonly avgPool2d: {};
    /** dy -> dx. attrs: window. */
    readonly avgPool2dGrad: {};
};
/** Pairs are (vertical, horizontal). */
export interface PoolWindow {
    readonly kernel: readonly [number, number];
    readonly stride: readonly [number, number];
    readonly padding: readonly [number, number];
}
export interface PoolOptions {
    kernel: number | readonly [number, number];
    /** Default: the kernel. */
    stride?: number | readonly [number, number];
    /** At most half the kernel; default 0. */
    padding?: number | readonly [number, number];
}
/** Largest of each window; padding counts as minus infinity. x [N, C, H, W] -> [N, C, OH, OW]. */
export declare const maxPool2d: (x: Operand, options: PoolOptions) => Value;
/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, H, W] -> [N, C, OH, OW]. */
export declare const avgPool2d: (x: Operand, options: PoolOptions) => Value;
/** Mean over all positions: x [N, C, H, W] -> [N, C]. */
export declare function globalAvgPool2d(x: Operand): Value;
/** Pools to exactly `size`, which must divide x's: x [N, C, H, W] -> [N, C, size, size]. */
export declare function adaptiveAvgPool2d(x: Operand, size: number | readonly [number, number]): Value;
