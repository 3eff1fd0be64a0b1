import { ShapeError } from '../../errors.ts';
import { product, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { slabOffsets, slabView } from './movement.ts';

export const batchNormOps = {
  /** x [N, C, ...S] -> flat: mean and unbiased variance of each channel, as `pack` lays two vectors [C]. */
  batchMoments: { readsHalf: true },
  /** dout, x [N, C, ...S], moments -> flat: the sums of dout xhat and of dout of each channel, likewise. */
  batchNormWeightGrad: { attrs: attributes<{ readonly eps: number }>(), readsHalf: true },
} as const satisfies OpTable;

/** Of each channel, [C] each, side by side in one flat value. */
export interface ChannelPair {
  readonly flat: Value;
  readonly first: Value;
  readonly second: Value;
}

/** Elements of a channel, and how many of them vary freely: what an unbiased variance is divided by, at least 1. */
export function channelCount(shape: readonly number[]): { count: number; free: number } {
  const count = product(shape) / Math.max(1, shape[1]!);
  return { count, free: Math.max(1, count - 1) };
}

function channelPair(x: Value, make: (shape: Shape) => Value): ChannelPair {
  const channels = x.shape[1]!;
  const { offsets, length } = slabOffsets([channels, channels]);
  const flat = make([length]);
  const [first, second] = offsets.map((offset) => slabView(flat, offset, [channels])) as [Value, Value];
  return { flat, first, second };
}

/** Mean and unbiased variance (two passes) of each channel of x [N, C, ...S]; the variance of one element is 0. */
export function batchMoments(x: Operand): ChannelPair {
  const value = asValue(x, 'batchMoments');
  requireFloat('batchMoments', { x: value });
  if (value.shape.length < 2 || product(value.shape) === 0) {
    throw new ShapeError(`batchMoments: x expects [N, C, ...] with elements, got ${shapeText(value.shape)}`);
  }
  return channelPair(value, (shape) => makeValue('batchMoments', [value], {}, shape));
}

/** With xhat = (x - mean) / sqrt(biased variance + eps): the sums over all but channels of dout xhat and of dout. */
export function batchNormWeightGrad(
  dout: Operand,
  x: Operand,
  moments: ChannelPair,
  eps: number,
): ChannelPair {
  const [gradient, value] = [asValue(dout, 'batchNormWeightGrad'), asValue(x, 'batchNormWeightGrad')];
  requireFloat('batchNormWeightGrad', { dout: gradient, x: value });
  if (!shapesEqual(gradient.shape, value.shape)) {
    throw new ShapeError(
      `batchNormWeightGrad: dout expects ${shapeText(value.shape)} (the shape of x), got ${shapeText(gradient.shape)}`,
    );
  }
  return channelPair(value, (shape) =>
    makeValue('batchNormWeightGrad', [gradient, value, moments.flat], { eps }, shape),
  );
}
