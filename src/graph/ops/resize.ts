import { type Pair, pairOf, requireFlag, requireOneOf } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { resampleKernels } from '../../kernels/resample.ts';
import { resizeKernels } from '../../kernels/resize.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { shapesEqual, shapeText } from '../../shape.ts';
import { floatOperand, requireRank } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { antialiasedTaps, cubicTaps, nearestExactTaps, resample, type Taps } from './resample.ts';

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

export type Resampling = { readonly mode: 'bilinear' | 'nearest'; readonly alignCorners: boolean };

const MODES = ['bilinear', 'nearest', 'bicubic', 'nearest-exact'] as const;
export type InterpolateMode = (typeof MODES)[number];

/** How `interpolate` resamples. */
export interface InterpolateOptions {
  /** Size of the result, (height, width) where the two differ. */
  size: Pair;
  /** Default bilinear. `nearest` takes the pixel that begins nearest, `nearest-exact` the one whose middle is. */
  mode?: InterpolateMode;
  /** Bilinear and bicubic: corners map to corners, source = dst (in - 1) / (out - 1); default false. */
  alignCorners?: boolean;
  /** Bilinear and bicubic: average over all that a smaller result's pixel covers, as Pillow does; default false. */
  antialias?: boolean;
}

const INTERPOLATE_OPTIONS: OptionNames<InterpolateOptions> = {
  size: true,
  mode: true,
  alignCorners: true,
  antialias: true,
};

/** Images of another size, by PyTorch's definitions (methods.md section 1). x [N, C, H, W] -> [N, C, ...size]. */
export function interpolate(x: Operand, options: InterpolateOptions, ...extra: never[]): Value {
  refuseExtra('interpolate', extra);
  const value = floatOperand('interpolate', 'x', x);
  requireRank('interpolate', 'x', value, 4);
  requireOptions('interpolate', options, INTERPOLATE_OPTIONS);
  const { size, mode = 'bilinear', alignCorners = false, antialias = false } = options;
  const [oh, ow] = pairOf('interpolate', 'size', size, 1);
  requireOneOf('interpolate', 'mode', mode, MODES);
  requireFlag('interpolate', 'alignCorners', alignCorners);
  requireFlag('interpolate', 'antialias', antialias);
  const [n, c, h, w] = value.shape as [number, number, number, number];
  if (h === 0 || w === 0) {
    throw new ShapeError(`interpolate: x expects pixels to sample, got ${shapeText(value.shape)}`);
  }
  const smooth = mode === 'bilinear' || mode === 'bicubic';
  if (!smooth && (alignCorners || antialias)) {
    const option = alignCorners ? 'alignCorners' : 'antialias';
    throw new ShapeError(`interpolate: ${option} expects mode bilinear or bicubic, got ${mode}`);
  }
  const shape = [n, c, oh, ow];
  if (shapesEqual(shape, value.shape)) return value;
  if (mode === 'nearest' || (mode === 'bilinear' && !antialias)) {
    return makeValue('interpolate', [value], { mode, alignCorners }, shape, 'f32', {
      kernels: resizeKernels,
    });
  }
  const tapsOf = (from: number, to: number): Taps[] => {
    if (mode === 'nearest-exact') return nearestExactTaps({ from, to });
    const scale = alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
    const grid = { from, to, scale, alignCorners };
    return antialias ? antialiasedTaps(grid, mode) : cubicTaps(grid);
  };
  // What shrinks most goes first, so that least is left for the other axis.
  const axes = oh * w <= ow * h ? [2, 3] : [3, 2];
  return axes.reduce((x, axis) => {
    const [from, to] = [value.shape[axis]!, shape[axis]!];
    return from === to ? x : resample(x, axis, tapsOf(from, to), { kernels: resampleKernels });
  }, value);
}
