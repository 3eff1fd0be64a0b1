import { part, reshape } from '../graph/ops/movement.ts';
import { add, mul, neg, rsqrt, scale, shift, square, sub } from '../graph/ops/pointwise.ts';
import { pack, slabOffsets, slabView } from '../graph/ops/slab.ts';
import type { Value } from '../graph/value.ts';
import { product } from '../shape.ts';
import type { Vjps } from './rule.ts';

/** Elements of a channel, and the divisor of an unbiased variance: one less, but at least 1. */
export function channelCount(shape: readonly number[]): { count: number; free: number } {
  const count = product(shape) / Math.max(1, shape[1]!);
  return { count, free: Math.max(1, count - 1) };
}

/** The two vectors of a pair, shaped to broadcast over x [N, C, ...S]. `take` makes one, given where it starts and that shape. */
function rows(x: Value, take: (start: number, shape: readonly number[]) => Value): [Value, Value] {
  const channels = x.shape[1]!;
  const shape = x.shape.map((_, axis) => (axis === 1 ? channels : 1));
  const { offsets } = slabOffsets([channels, channels]);
  return [take(offsets[0]!, shape), take(offsets[1]!, shape)];
}

const viewed = (x: Value, flat: Value): [Value, Value] =>
  rows(x, (start, shape) => slabView(flat, start, shape));

/** A cotangent is not a slab: its parts may lie at offsets where no binding can start. */
const sliced = (x: Value, flat: Value): [Value, Value] =>
  rows(x, (start, shape) => reshape(part(flat, 0, start, x.shape[1]!), shape));

export const batchNormVjps = {
  /** dmean/dx = 1 / n, dvariance/dx = 2 (x - mean) / (n - 1). */
  batchMoments({ inputs: [x], out, cotangent }) {
    const { count, free } = channelCount(x!.shape);
    return [
      () => {
        const [ofMean, ofVariance] = sliced(x!, cotangent);
        const [mean] = viewed(x!, out);
        return add(scale(ofMean, 1 / count), mul(scale(ofVariance, 2 / free), sub(x!, mean)));
      },
    ];
  },
  /** With r = 1 / sqrt(k variance + eps): the sums of dout (x - mean) r and of dout. */
  batchNormWeightGrad({ inputs: [dout, x, moments], out, cotangent, attrs: { eps } }) {
    const { count, free } = channelCount(x!.shape);
    const factor = free / count;
    const [ofWeight, ofBias] = sliced(x!, cotangent);
    const [mean, variance] = viewed(x!, moments!);
    const [weight, bias] = viewed(x!, out);
    const r = rsqrt(shift(scale(variance, factor), eps));
    const channels = [x!.shape[1]!];
    return [
      () => add(mul(mul(ofWeight, r), sub(x!, mean)), ofBias),
      () => mul(mul(ofWeight, r), dout!),
      () =>
        pack([
          reshape(neg(mul(mul(ofWeight, r), bias)), channels),
          reshape(mul(scale(mul(ofWeight, weight), -0.5 * factor), square(r)), channels),
        ]),
    ];
  },
} satisfies Partial<Vjps>;
