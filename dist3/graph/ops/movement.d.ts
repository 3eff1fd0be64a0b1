import { type Shape } from '../../shape.ts';
import { type Operand, type Value } from '../value.ts';
export declare const movementOps: {
    /** The same elements in the same order under another shape. */
    readonly reshape: {
        readonly view: true;
    };
    /** attrs: offset (elements, a multiple of SLAB_ALIGN). A part of a flat value under a shape of its own. */
    readonly slabView: {
        readonly view: true;
    };
    /** attrs: offsets, length. Flat concatenation at aligned offsets; its inputs are computed in place. */
    readonly pack: {
        readonly placesInputs: true;
    };
    /** attrs: order. */
    readonly permute: {};
    /** attrs: starts, steps. */
    readonly slice: {};
    /** attrs: before, after, mode, value. */
    readonly pad: {};
    /** attrs: axis. */
    readonly concat: {};
};
/** Bindings start at multiples of 256 bytes: 64 float32. */
export declare const SLAB_ALIGN = 64;
/** x under another shape; one size may be -1 (whatever fits). */
export declare function reshape(x: Operand, shape: Shape): Value;
/** All of x but its first axis as one axis: [N, ...] -> [N, product]. */
export declare const flatten: (x: Operand) => Value;
/** A part of a flat `slab`, as parameters live side by side in one buffer. */
export declare function slabView(slab: Value, offset: number, shape: Shape): Value;
/** Where each of `sizes` starts in a slab, and the slab's length. */
export declare function slabOffsets(sizes: readonly number[]): {
    offsets: number[];
    length: number;
};
/** Values side by side in one flat slab, at the offsets of `slabOffsets`; what lies between them is undefined. */
export declare function pack(values: readonly Value[]): Value;
/** Axes in another order: out axis i is x's axis order[i]. */
export declare function permute(x: Operand, order: readonly number[]): Value;
/** Two axes exchanged; the last two by default. */
export declare function transpose(x: Operand, a?: number, b?: number): Value;
export interface SliceRange {
    /** First index; default 0. Negative counts from the end. */
    start?: number;
    /** One past the last index; default the axis's size. Negative counts from the end. */
    end?: number;
    /** Default 1. */
    step?: number;
}
/** The part of x given by one range per axis (missing ones take all). */
export declare function slice(x: Operand, ranges: readonly (SliceRange | null)[]): Value;
/** x in parts of the given sizes along `axis`. */
export declare function split(x: Operand, sizes: readonly number[], axis?: number): Value[];
/** `constant` pads with a value, `symmetric` mirrors and repeats the edge (SciPy's "reflect"), `edge` repeats it. */
export type PadMode = 'constant' | 'symmetric' | 'edge';
/** x with `before[i]` and `after[i]` elements added along axis i. */
export declare function pad(x: Operand, before: readonly number[], after: readonly number[], { mode, value }?: {
    mode?: PadMode | undefined;
    value?: number | undefined;
}): Value;
/** Values joined along `axis`; all other axes equal. */
export declare function concat(operands: readonly Operand[], axis?: number): Value;
