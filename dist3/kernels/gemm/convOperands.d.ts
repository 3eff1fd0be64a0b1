/** How the operands of a convolution and of its two gradients are read, as rows and columns of a product. */
import type { Element } from '../kernel.ts';
import type { Operand } from './problem.ts';
/** All sizes of a convolution; y = conv(x, w). */
export interface ConvSizes {
    readonly n: number;
    readonly c: number;
    readonly h: number;
    readonly w: number;
    readonly cout: number;
    readonly kh: number;
    readonly kw: number;
    readonly oh: number;
    readonly ow: number;
    readonly groups: number;
    readonly stride: readonly [number, number];
    /** top, bottom, left, right. */
    readonly padding: readonly [number, number, number, number];
    readonly dilation: readonly [number, number];
}
export declare const perGroup: (s: ConvSizes) => {
    cin: number;
    cout: number;
};
/** A row-major matrix [z][rows][k] (or [z][k][rows] with `transposed`) as it lies in memory. */
export declare function matrix(name: string, input: number, element: Element, length: number, sizes: {
    outer: number;
    k: number;
    perZ: (z: string) => string;
    transposed: boolean;
}): Operand;
/** x as B[k = (ci, ky, kx), n = (image, oy, ox)] of the forward convolution. */
export declare function patches(s: ConvSizes, input: number, element: Element): Operand;
/** x as B[k = (image, oy, ox), n = (ci, ky, kx)] of the weight gradient: `patches` with rows and columns swapped. */
export declare function patchesTransposed(s: ConvSizes, input: number, element: Element): Operand;
/** dy as A[m = co, k = (image, position)] of the weight gradient. */
export declare function outputRows(s: ConvSizes, input: number, element: Element): Operand;
/**
 * One phase of the input gradient: the input rows y = phase + stride i, to which only every stride-th tap
 * contributes; tap t is kernel row first + t step, read at output row i + offset - t offsetStep.
 */
export interface PhaseAxis {
    readonly phase: number;
    /** Input rows in the phase. */
    readonly count: number;
    readonly taps: number;
    readonly first: number;
    readonly step: number;
    readonly offset: number;
    readonly offsetStep: number;
}
/** The phases of one axis. */
export declare function phases(size: number, kernel: number, stride: number, padding: number, dilation: number): PhaseAxis[];
/** dy as B[k = (co, ty, tx), n = (image, i, j)] of one phase of the input gradient. */
export declare function phasePatches(s: ConvSizes, rows: PhaseAxis, columns: PhaseAxis, input: number, element: Element): Operand;
/** weight [Cout, Cin/groups, kh, kw] as A[m = ci, k = (co, ty, tx)] of one phase of the input gradient. */
export declare function phaseWeights(s: ConvSizes, rows: PhaseAxis, columns: PhaseAxis, input: number, element: Element): Operand;
