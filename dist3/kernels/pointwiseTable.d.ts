import type { WgslFunction } from './wgsl.ts';
export interface PointwiseEntry {
    readonly arity: number;
    /** Names of its literal parameters. */
    readonly params: readonly string[];
    readonly flops: number;
    readonly functions?: readonly WgslFunction[];
    /** The expression; arguments are names or literals of type f32, so no parentheses are needed around them. */
    readonly wgsl: (args: readonly string[], params: readonly string[]) => string;
}
export declare const POINTWISE: {
    readonly constant: {
        readonly arity: 0;
        readonly params: readonly ["value"];
        readonly flops: 0;
        readonly wgsl: (_: readonly string[], [value]: readonly string[]) => string;
    };
    readonly identity: PointwiseEntry;
    readonly neg: PointwiseEntry;
    readonly abs: PointwiseEntry;
    readonly sign: PointwiseEntry;
    readonly square: PointwiseEntry;
    readonly exp: PointwiseEntry;
    readonly log: PointwiseEntry;
    readonly sqrt: PointwiseEntry;
    readonly rsqrt: PointwiseEntry;
    readonly reciprocal: PointwiseEntry;
    readonly floor: PointwiseEntry;
    readonly sigmoid: PointwiseEntry;
    readonly tanh: PointwiseEntry;
    readonly erf: PointwiseEntry;
    readonly relu: PointwiseEntry;
    readonly relu6: PointwiseEntry;
    /** x Phi(x), the exact form. */
    readonly gelu: PointwiseEntry;
    /** d gelu / dx = Phi(x) + x phi(x). */
    readonly geluSlope: PointwiseEntry;
    readonly silu: PointwiseEntry;
    readonly add: PointwiseEntry;
    readonly sub: PointwiseEntry;
    readonly mul: PointwiseEntry;
    readonly div: PointwiseEntry;
    readonly maximum: PointwiseEntry;
    readonly minimum: PointwiseEntry;
    readonly greater: PointwiseEntry;
    readonly greaterEqual: PointwiseEntry;
    readonly equal: PointwiseEntry;
    /** args: condition, where it is not zero, where it is. */
    readonly where: {
        readonly arity: 3;
        readonly params: readonly [];
        readonly flops: 1;
        readonly wgsl: ([c, a, b]: readonly string[]) => string;
    };
    readonly scale: {
        readonly arity: 1;
        readonly params: readonly ["factor"];
        readonly flops: 1;
        readonly wgsl: ([x]: readonly string[], [factor]: readonly string[]) => string;
    };
    readonly shift: {
        readonly arity: 1;
        readonly params: readonly ["offset"];
        readonly flops: 1;
        readonly wgsl: ([x]: readonly string[], [offset]: readonly string[]) => string;
    };
    readonly clamp: {
        readonly arity: 1;
        readonly params: readonly ["low", "high"];
        readonly flops: 2;
        readonly wgsl: ([x]: readonly string[], [low, high]: readonly string[]) => string;
    };
};
export type PointwiseName = keyof typeof POINTWISE;
