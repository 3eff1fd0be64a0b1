import { type Pair, pairOf, requireFlag, requireOneOf } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { shapesEqual, shapeText } from '../../shape.ts';
import { floatOperand, requireRank } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const resizeOps = {
  /** x [N, C, H, W] -> [N, C, OH, OW]. */
  interpolate: { attrs: attributes<Resampling>(), readsHalf: true, indexed: resampledPlaces },
} as const satisfies OpTable;

/** Places along each axis are computed as one size times the other. */
export function resampledPlaces({ inputs: [x], shape }: Value): [string, number][] {
  const [, , h, w] = x!.shape as [number, number, number, number];
  const [, , oh, ow] = shape as [number, number, number, number];
  return [h * oh, w * ow].map((count) => ['a place of one size times the other', count]);
}

export type Resampling = { readonly mode: InterpolateMode; readonly alignCorners: boolean };

const MODES = ['bilinear', 'nearest'] as const;
export type InterpolateMode = (typeof MODES)[number];

export interface InterpolateOptions {
  /** Size of the result, (height, width) where the two differ. */
  size: Pair;
  /** Default bilinear. */
  mode?: InterpolateMode;
  /** Bilinear only: corners map to corners, source = dst (in - 1) / (out - 1); default false. */
  alignCorners?: boolean;
}

const INTERPOLATE_OPTIONS: OptionNames<InterpolateOptions> = { size: true, mode: true, alignCorners: true };

/** Resampling without antialiasing, PyTorch's definition (methods.md section 1). */
export function interpolate(x: Operand, options: InterpolateOptions, ...extra: never[]): Value {
  refuseExtra('interpolate', extra);
  const value = floatOperand('interpolate', 'x', x);
  requireRank('interpolate', 'x', value, 4);
  requireOptions('interpolate', options, INTERPOLATE_OPTIONS);
  const { size, mode = 'bilinear', alignCorners = false } = options;
  const [oh, ow] = pairOf('interpolate', 'size', size, 1);
  requireOneOf('interpolate', 'mode', mode, MODES);
  requireFlag('interpolate', 'alignCorners', alignCorners);
  const [n, c, h, w] = value.shape as [number, number, number, number];
  if (h === 0 || w === 0) {
    throw new ShapeError(`interpolate: x expects pixels to sample, got ${shapeText(value.shape)}`);
  }
  if (mode === 'nearest' && alignCorners) {
    throw new ShapeError('interpolate: alignCorners expects mode bilinear, got nearest');
  }
  const shape = [n, c, oh, ow];
  if (shapesEqual(shape, value.shape)) return value;
  return makeValue('interpolate', [value], { mode, alignCorners }, shape);
}
