import { type Shape } from '../../shape.ts';
import { type Operand, type Value } from '../value.ts';
export declare const resizeOps: {
    /** x [N, C, H, W] -> [N, C, OH, OW]. attrs: mode, alignCorners. */
    readonly interpolate: {};
    /** dy [N, C, OH, OW] -> dx [N, C, H, W]: the transpose of interpolate. attrs: mode, alignCorners. */
    readonly interpolateGrad: {};
};
export type InterpolateMode = 'bilinear' | 'nearest';
export interface InterpolateOptions {
    size: number | readonly [number, number];
    /** Default bilinear. */
    mode?: InterpolateMode;
    /** Bilinear only: corners map to corners, source = dst (in - 1) / (out - 1); default false. */
    alignCorners?: boolean;
}
/** Resampling without antialiasing, PyTorch's definition (methods.md section 1). */
export declare function interpolate(x: Operand, options: InterpolateOptions): Value;
/** `shape` is that of interpolate's input. */
export declare const interpolateGrad: (dy: Value, attrs: Value['attrs'], shape: Shape) => Value;
