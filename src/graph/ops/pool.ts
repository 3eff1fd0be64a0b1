import { ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { type Pair, pairOf } from '../arguments.ts';
import { asValue, makeValue, type Operand, requireFloat, requireRank, type Value } from '../value.ts';
import { outputSize } from './conv.ts';
import { attributes, type OpTable } from './definition.ts';
import { mean } from './reduce.ts';

const attrs = attributes<{ readonly window: PoolWindow }>();

export const poolOps = {
  /** x [N, C, H, W]. */
  maxPool2d: { attrs, storesHalf: true },
  /** x, dy -> dx: each dy goes to the first largest element of its window. */
  maxPool2dGrad: { attrs },
  /** x, v (of x's shape) -> v at the first largest element of each window of x. */
  maxPool2dPick: { attrs },
  /** x [N, C, H, W]. Padding counts as zeros in the mean. */
  avgPool2d: { attrs, readsHalf: true },
  /** dy -> dx. */
  avgPool2dGrad: { attrs },
} as const satisfies OpTable;

/** Pairs are (vertical, horizontal). */
export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

export interface PoolOptions {
  /** Of the window, (vertical, horizontal) where the two differ. */
  kernel: Pair;
  /** Default: the kernel. */
  stride?: Pair;
  /** At most half the kernel; default 0. */
  padding?: Pair;
}

const POOL_OPTIONS: OptionNames<PoolOptions> = { kernel: true, stride: true, padding: true };

/** Largest of each window; padding counts as minus infinity. x [N, C, H, W] -> [N, C, OH, OW]. */
export const maxPool2d = (x: Operand, options: PoolOptions, ...extra: never[]): Value => {
  refuseExtra('maxPool2d', extra);
  return pool('maxPool2d', x, options);
};

/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, H, W] -> [N, C, OH, OW]. */
export const avgPool2d = (x: Operand, options: PoolOptions, ...extra: never[]): Value => {
  refuseExtra('avgPool2d', extra);
  return pool('avgPool2d', x, options);
};

/** Mean over all positions: x [N, C, H, W] -> [N, C]. */
export function globalAvgPool2d(x: Operand, ...extra: never[]): Value {
  refuseExtra('globalAvgPool2d', extra);
  const value = asValue(x, 'globalAvgPool2d');
  requireRank('globalAvgPool2d', 'x', value, 4);
  return mean(value, { axes: [2, 3] });
}

/** Pools to exactly `size`, which must divide x's: x [N, C, H, W] -> [N, C, size, size]. */
export function adaptiveAvgPool2d(x: Operand, size: Pair, ...extra: never[]): Value {
  refuseExtra('adaptiveAvgPool2d', extra);
  const value = asValue(x, 'adaptiveAvgPool2d');
  requireRank('adaptiveAvgPool2d', 'x', value, 4);
  const [oh, ow] = pairOf('adaptiveAvgPool2d', 'size', size, 1);
  const [h, w] = value.shape.slice(2) as [number, number];
  if (h % oh !== 0 || w % ow !== 0) {
    throw new ShapeError(`adaptiveAvgPool2d: size expects divisors of ${h}x${w}, got ${oh}x${ow}`);
  }
  return avgPool2d(value, { kernel: [h / oh, w / ow] });
}

function pool(op: 'maxPool2d' | 'avgPool2d', x: Operand, options: PoolOptions): Value {
  const value = asValue(x, op);
  requireFloat(op, { x: value });
  requireRank(op, 'x', value, 4);
  requireOptions(op, options, POOL_OPTIONS);
  const kernel = pairOf(op, 'kernel', options.kernel, 1);
  const window: PoolWindow = {
    kernel,
    stride: pairOf(op, 'stride', options.stride ?? kernel, 1),
    padding: pairOf(op, 'padding', options.padding ?? 0, 0),
  };
  if (window.padding.some((p, i) => p > kernel[i]! / 2)) {
    throw new ShapeError(`${op}: padding expects at most half the kernel, got ${JSON.stringify(window)}`);
  }
  const [n, c, h, w] = value.shape as [number, number, number, number];
  const oh = outputSize(h, kernel[0], window.stride[0], 2 * window.padding[0]);
  const ow = outputSize(w, kernel[1], window.stride[1], 2 * window.padding[1]);
  if (oh < 1 || ow < 1) {
    throw new ShapeError(`${op}: kernel ${kernel.join('x')} does not fit ${shapeText(value.shape)}`);
  }
  return makeValue(op, [value], { window }, [n, c, oh, ow]);
}
