import { ShapeError } from '../errors.ts';
import { floatOperand, requireSameShape } from '../graph/operands.ts';
import { BATCH_NORM } from '../graph/ops/batchNorm.ts';
import { slabOffsets, slabView } from '../graph/ops/slab.ts';
import { makeValue, type Operand, type Value } from '../graph/value.ts';
import { product, type Shape, shapeText } from '../shape.ts';

/** Two vectors [C], side by side in one flat value. */
export interface ChannelPair {
  readonly flat: Value;
  readonly first: Value;
  readonly second: Value;
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
  const value = floatOperand('batchMoments', 'x', x);
  if (value.shape.length < 2 || product(value.shape) === 0) {
    throw new ShapeError(`batchMoments: x expects [N, C, ...] with elements, got ${shapeText(value.shape)}`);
  }
  return channelPair(value, (shape) => makeValue('batchMoments', [value], {}, shape, 'f32', BATCH_NORM));
}

/** With xhat = (x - mean) / sqrt(biased variance + eps): the sums over all but channels of dout xhat and of dout. */
export function batchNormWeightGrad(
  dout: Operand,
  x: Operand,
  moments: ChannelPair,
  eps: number,
): ChannelPair {
  const op = 'batchNormWeightGrad';
  const [gradient, value] = [floatOperand(op, 'dout', dout), floatOperand(op, 'x', x)];
  requireSameShape(op, 'dout', gradient, 'x', value);
  return channelPair(value, (shape) =>
    makeValue(op, [gradient, value, moments.flat], { eps }, shape, 'f32', BATCH_NORM),
  );
}
