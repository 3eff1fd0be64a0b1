import { ShapeError } from '../../errors.ts';
import { type Shape, shapesEqual } from '../../shape.ts';
import { asValue, makeValue, type Operand, requireFloat, requireRank, type Value } from '../value.ts';
import type { OpTable } from './definition.ts';

export const resizeOps = {
  /** x [N, C, H, W] -> [N, C, OH, OW]. attrs: mode, alignCorners. */
  interpolate: { readsHalf: true },
  /** dy [N, C, OH, OW] -> dx [N, C, H, W]: the transpose of interpolate. attrs: mode, alignCorners. */
  interpolateGrad: {},
} as const satisfies OpTable;

export type InterpolateMode = 'bilinear' | 'nearest';

export interface InterpolateOptions {
  size: number | readonly [number, number];
  /** Default bilinear. */
  mode?: InterpolateMode;
  /** Bilinear only: corners map to corners, source = dst (in - 1) / (out - 1); default false. */
  alignCorners?: boolean;
}

/** Resampling without antialiasing, PyTorch's definition (methods.md section 1). */
export function interpolate(x: Operand, options: InterpolateOptions): Value {
  const { size, mode = 'bilinear', alignCorners = false } = options;
  const value = asValue(x);
  requireFloat('interpolate', { x: value });
  requireRank('interpolate', 'x', value, 4);
  const [oh, ow] = typeof size === 'number' ? [size, size] : size;
  if (!(oh >= 1 && ow >= 1)) throw new ShapeError(`interpolate: size expects at least 1x1, got ${oh}x${ow}`);
  if (mode === 'nearest' && alignCorners) {
    throw new ShapeError('interpolate: alignCorners expects mode bilinear, got nearest');
  }
  const shape = [value.shape[0]!, value.shape[1]!, oh, ow];
  if (shapesEqual(shape, value.shape)) return value;
  return makeValue('interpolate', [value], { mode, alignCorners }, shape);
}

/** `shape` is that of interpolate's input. */
export const interpolateGrad = (dy: Value, attrs: Value['attrs'], shape: Shape): Value =>
  makeValue('interpolateGrad', [dy], attrs, shape);
