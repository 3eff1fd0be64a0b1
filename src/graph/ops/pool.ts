import { type Pair, pairOf, requireFlag } from '../../arguments.ts';
import { gotText, ShapeError } from '../../errors.ts';
import { poolKernels } from '../../kernels/pool.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product, shapeText } from '../../shape.ts';
import { floatOperand, requireRank } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

const attrs = attributes<{ readonly window: PoolWindow }>();

export const poolOps = {
  /** x [N, C, H, W] -> [N, C, OH, OW]. */
  maxPool2d: { attrs, storesHalf: true },
  /** Places (i32) in each plane of what maxPool2d takes; -1 where a window has nothing of the image. */
  maxPool2dPlaces: { attrs, readsHalf: true, nonDifferentiable: 'places are integers' },
  /** The same; padding counts as zeros in the mean. */
  avgPool2d: { attrs, readsHalf: true },
} as const satisfies OpTable;

/** Pairs are (vertical, horizontal). */
export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  /** What a mean divides by where it is not the kernel's size: the elements in the image, or those in its padding too. */
  readonly divisor?: 'image' | 'padded';
}

/** One number for all sides, or (vertical, horizontal), each one number or (before, after). */
type PoolPadding = number | readonly [number | readonly [number, number], number | readonly [number, number]];

/** Windows of a pool. */
export interface PoolOptions {
  /** Window size, (vertical, horizontal) where the two differ. */
  kernel: Pair;
  /** Default: the kernel. */
  stride?: Pair;
  /** Less than the window; default 0. `[[top, bottom], [left, right]]` where sides differ. */
  padding?: PoolPadding;
  /** Distance of a window's elements; default 1. */
  dilation?: Pair;
  /** Also windows that reach beyond the padded image, if they begin in it; default false. */
  ceilMode?: boolean;
}

/** Windows of a pool of means, and what counts in them. */
export interface AvgPoolOptions extends PoolOptions {
  /** Count padding as zeros in the mean; default true. What lies beyond the padding is never counted. */
  countIncludePad?: boolean;
}

const POOL_OPTIONS: OptionNames<PoolOptions> = {
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
};
const AVG_OPTIONS: OptionNames<AvgPoolOptions> = { ...POOL_OPTIONS, countIncludePad: true };

export const POOL: { readonly kernels: typeof poolKernels } = { kernels: poolKernels };

/** Largest of each window; padding counts as minus infinity. x [N, C, H, W] -> [N, C, OH, OW]. */
export function maxPool2d(x: Operand, options: PoolOptions, ...extra: never[]): Value {
  refuseExtra('maxPool2d', extra);
  requireOptions('maxPool2d', options, POOL_OPTIONS);
  const { value, window, shape } = pooling('maxPool2d', x, options);
  return makeValue('maxPool2d', [value], { window }, shape, 'f32', POOL);
}

/**
 * `maxPool2d`, and where its values stand: indices (i32) into the H W elements of their plane, as PyTorch's; -1 where a dilated
 * window has nothing of the image.
 */
export function maxPool2dWithIndices(
  x: Operand,
  options: PoolOptions,
  ...extra: never[]
): { values: Value; indices: Value } {
  refuseExtra('maxPool2dWithIndices', extra);
  requireOptions('maxPool2dWithIndices', options, POOL_OPTIONS);
  const { value, window, shape } = pooling('maxPool2dWithIndices', x, options);
  return {
    values: makeValue('maxPool2d', [value], { window }, shape, 'f32', POOL),
    indices: makeValue('maxPool2dPlaces', [value], { window }, shape, 'i32', POOL),
  };
}

/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, H, W] -> [N, C, OH, OW]. */
export function avgPool2d(x: Operand, options: AvgPoolOptions, ...extra: never[]): Value {
  refuseExtra('avgPool2d', extra);
  requireOptions('avgPool2d', options, AVG_OPTIONS);
  const { countIncludePad = true } = options;
  requireFlag('avgPool2d', 'countIncludePad', countIncludePad);
  const { value, window, shape, beyond } = pooling('avgPool2d', x, options);
  const padded = window.padding.some((side) => side > 0);
  const divisor = padded && !countIncludePad ? 'image' : 'padded';
  const counts = beyond || divisor === 'image';
  return makeValue(
    'avgPool2d',
    [value],
    { window: counts ? { ...window, divisor } : window },
    shape,
    'f32',
    POOL,
  );
}

interface Pooling {
  readonly value: Value;
  readonly window: PoolWindow;
  readonly shape: number[];
  /** Whether a window reaches beyond the padding. */
  readonly beyond: boolean;
}

function pooling(op: string, x: Operand, options: PoolOptions): Pooling {
  const value = floatOperand(op, 'x', x);
  requireRank(op, 'x', value, 4);
  const kernel = pairOf(op, 'kernel', options.kernel, 1);
  const window: PoolWindow = {
    kernel,
    stride: pairOf(op, 'stride', options.stride ?? kernel, 1),
    padding: sidesOf(op, options.padding ?? 0),
    dilation: pairOf(op, 'dilation', options.dilation ?? 1, 1),
  };
  const { ceilMode = false } = options;
  requireFlag(op, 'ceilMode', ceilMode);
  const [n, c, ...sizes] = value.shape as [number, number, number, number];
  const places = sizes.map((size, axis) => {
    const extent = (kernel[axis]! - 1) * window.dilation[axis]! + 1;
    const [before, after] = window.padding.slice(2 * axis, 2 * axis + 2) as [number, number];
    if (before >= extent || after >= extent) {
      throw new ShapeError(
        `${op}: padding expects less than the window of ${extent}, got ${before} and ${after} along axis ${axis + 2}`,
      );
    }
    const rest = size + before + after - extent;
    const stride = window.stride[axis]!;
    const count = Math.floor(rest / stride) + 1;
    const more = ceilMode && rest % stride !== 0 && count * stride < size + before;
    return { count: rest < 0 ? 0 : count + Number(more), more };
  });
  if (places.some(({ count }) => count < 1)) {
    throw new ShapeError(`${op}: kernel ${kernel.join('x')} does not fit ${shapeText(value.shape)}`);
  }
  const shape = [n, c, ...places.map(({ count }) => count)];
  if (product(sizes) === 0) {
    throw new ShapeError(`${op}: x expects pixels to pool, got ${shapeText(value.shape)}`);
  }
  return { value, window, shape, beyond: places.some(({ more }) => more) };
}

/** top, bottom, left, right. */
function sidesOf(op: string, padding: PoolPadding): PoolWindow['padding'] {
  const both: readonly unknown[] = Array.isArray(padding) ? padding : [padding, padding];
  const sides = both.flatMap((each) => (Array.isArray(each) ? each : [each, each]));
  const right = both.length === 2 && sides.length === 4;
  if (right && sides.every((side) => Number.isSafeInteger(side) && side >= 0)) {
    return sides as unknown as PoolWindow['padding'];
  }
  throw new ShapeError(
    `${op}: padding expects a whole number of at least 0, two (vertical, horizontal) or [[top, bottom], [left, right]], got ${gotText(padding)}`,
  );
}
