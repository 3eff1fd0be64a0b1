import { type Shape } from '../../shape.ts';
import { type Operand, type Value } from '../value.ts';
export type ReduceKind = 'sum' | 'max' | 'min';
export declare const reduceOps: {
    /** attrs: kind, axes (sorted), prologue?, factor. Reduced axes stay with size 1; the result is times factor. */
    readonly reduce: {
        readonly takesPrologue: true;
    };
    /** attrs: axis. Index (i32) of the first largest element; that axis stays with size 1. */
    readonly argmax: {
        readonly nonDifferentiable: 'an index does not move with its values';
    };
};
export interface ReduceOptions {
    /** Axes to reduce, negative from the end; all of them by default. */
    axes?: readonly number[];
    /** Keep reduced axes with size 1; default false. */
    keepDims?: boolean;
}
/** Sum over `axes`, a tree of fixed shape in float32. */
export declare const sum: (x: Operand, options?: ReduceOptions) => Value;
export declare const mean: (x: Operand, options?: ReduceOptions) => Value;
export declare const max: (x: Operand, options?: ReduceOptions) => Value;
export declare const min: (x: Operand, options?: ReduceOptions) => Value;
/** Mean of squared distances from the mean, two passes; `unbiased` divides by n - 1 (default true, as PyTorch). */
export declare function variance(x: Operand, options?: ReduceOptions & {
    unbiased?: boolean;
}): Value;
/** Standard deviation; see `variance`. */
export declare const std: (x: Operand, options?: ReduceOptions & {
    unbiased?: boolean;
}) => Value;
/** Index (i32) of the largest element along `axis`, the first of equals. */
export declare function argmax(x: Operand, axis: number, keepDims?: boolean): Value;
/** Sums `x` back to `shape`, which broadcasts to x's: the derivative of broadcasting. */
export declare function sumTo(x: Value, shape: Shape): Value;
