import { type Operand, type Value } from '../value.ts';
export declare const selectOps: {
    /** The k-th largest of each row, by radix select. x [N, L] -> [N, 1]. attrs: k. */
    readonly kthLargest: {
        readonly nonDifferentiable: 'its derivative depends on ties; use topFractionMean, which settles them';
    };
    /** labels (i32) [N] -> [N, classes] of 0 and 1. */
    readonly oneHot: {
        readonly nonDifferentiable: 'labels are integers';
    };
    /** Rows of x by index: x [R, ...S], indices (i32) [N] -> [N, ...S]. */
    readonly gather: {};
    /** The transpose of gather: dy [N, ...S], indices [N] -> [R, ...S], rows that share an index summed in order. */
    readonly gatherGrad: {
        readonly nonDifferentiable: 'second derivatives of gather are not implemented';
    };
};
/** The k-th largest element of each row (k from 1): x [N, L] -> [N, 1]. */
export declare function kthLargest(x: Operand, k: number): Value;
/** 1 at each label's place. labels (i32) [N] -> [N, classes]; a label outside 0..classes-1 gives a row of zeros. */
export declare function oneHot(labels: Operand, classes: number): Value;
/** Rows of x [R, ...S] by indices (i32) [N] -> [N, ...S]. Indices are clamped to 0..R-1. */
export declare function gather(x: Operand, indices: Operand): Value;
