import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import { type Shape } from '../../shape.ts';
import { type Dtype, type Operand, type Value } from '../value.ts';
export declare const pointwiseOps: {
    /** attrs: program. Inputs broadcast (NumPy rules) to the result's shape. */
    readonly pointwise: {
        readonly pointwise: true;
    };
    /** Another element type, same shape. Floats to integers truncate towards zero. */
    readonly cast: {
        readonly nonDifferentiable: 'an element type has no derivative; cast after the loss';
    };
};
/** One pointwise function applied to broadcast operands. */
export declare function pointwise(fn: PointwiseName, operands: readonly Operand[], params?: readonly number[]): Value;
export declare const add: (a: Operand, b: Operand) => Value;
export declare const sub: (a: Operand, b: Operand) => Value;
export declare const mul: (a: Operand, b: Operand) => Value;
export declare const div: (a: Operand, b: Operand) => Value;
export declare const maximum: (a: Operand, b: Operand) => Value;
export declare const minimum: (a: Operand, b: Operand) => Value;
/** 1 where a > b, else 0; like `greaterEqual` and `equal` without a derivative of its own. */
export declare const greater: (a: Operand, b: Operand) => Value;
export declare const greaterEqual: (a: Operand, b: Operand) => Value;
export declare const equal: (a: Operand, b: Operand) => Value;
export declare const neg: (x: Operand) => Value;
export declare const abs: (x: Operand) => Value;
export declare const sign: (x: Operand) => Value;
export declare const square: (x: Operand) => Value;
export declare const exp: (x: Operand) => Value;
export declare const log: (x: Operand) => Value;
export declare const sqrt: (x: Operand) => Value;
export declare const rsqrt: (x: Operand) => Value;
export declare const reciprocal: (x: Operand) => Value;
export declare const relu: (x: Operand) => Value;
/** min(max(x, 0), 6). */
export declare const relu6: (x: Operand) => Value;
/** x Phi(x) with the exact erf (PyTorch's default), not the tanh form. */
export declare const gelu: (x: Operand) => Value;
export declare const geluSlope: (x: Operand) => Value;
/** x sigmoid(x). */
export declare const silu: (x: Operand) => Value;
export declare const sigmoid: (x: Operand) => Value;
export declare const tanh: (x: Operand) => Value;
/** `a` where `condition` is not 0, else `b`; all three broadcast. */
export declare const where: (condition: Operand, a: Operand, b: Operand) => Value;
/** x * factor, the factor a number known now. */
export declare const scale: (x: Operand, factor: number) => Value;
/** x + offset, the offset a number known now. */
export declare const shift: (x: Operand, offset: number) => Value;
/** x limited to [low, high]. */
export declare const clamp: (x: Operand, low: number, high: number) => Value;
/** `x` stretched to `shape` (NumPy rules). */
export declare function broadcastTo(x: Operand, shape: Shape): Value;
/** x as another element type. */
export declare function cast(x: Operand, dtype: Dtype): Value;
export declare const zerosLike: (x: Value) => Value;
export declare const onesLike: (x: Value) => Value;
export declare const sizeOf: (x: Value) => number;
