import { type Pair, pairOf } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { floatOperand, requireRank } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { outputSize } from './conv.ts';
import { attributes, type OpTable } from './definition.ts';

const attrs = attributes<{ readonly window: PoolWindow }>();

export const poolOps = {
  /** x [N, C, H, W] -> [N, C, OH, OW]. */
  maxPool2d: { attrs, storesHalf: true },
  /** The same; padding counts as zeros in the mean. */
  avgPool2d: { attrs, readsHalf: true },
} as const satisfies OpTable;

/** Pairs are (vertical, horizontal). */
export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

export interface PoolOptions {
  /** Window size, (vertical, horizontal) where the two differ. */
  kernel: Pair;
  /** Default: the kernel. */
  stride?: Pair;
  /** At most half the kernel; default 0. */
  padding?: Pair;
}

const POOL_OPTIONS: OptionNames<PoolOptions> = { kernel: true, stride: true, padding: true };

/** Largest of each window; padding counts as minus infinity. x [N, C, H, W] -> [N, C, OH, OW]. */
export const maxPool2d = (x: Operand, options: PoolOptions, ...extra: never[]): Value =>
  pool('maxPool2d', x, options, extra);

/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, H, W] -> [N, C, OH, OW]. */
export const avgPool2d = (x: Operand, options: PoolOptions, ...extra: never[]): Value =>
  pool('avgPool2d', x, options, extra);

function pool(op: keyof typeof poolOps, x: Operand, options: PoolOptions, extra: readonly never[]): Value {
  refuseExtra(op, extra);
  const value = floatOperand(op, 'x', x);
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
