import { requireNumber } from '../arguments.ts';
import { channelCount } from '../autograd/batchNorm.ts';
import { ShapeError } from '../errors.ts';
import { requireRank } from '../graph/operands.ts';
import { withVjp } from '../graph/ops/control.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, mul, rsqrt, shift, square, sub } from '../graph/ops/pointwise.ts';
import { perDeviation } from '../graph/ops/pointwiseOps.ts';
import { mean } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapesEqual, shapeText } from '../shape.ts';
import { batchMoments, batchNormWeightGrad } from './batchMoments.ts';

/** @throws ShapeError unless each of `vectors` has one number for each channel. */
function requireChannels(op: string, channels: number, vectors: Readonly<Record<string, Value>>): void {
  for (const [name, { shape }] of Object.entries(vectors)) {
    if (shapesEqual(shape, [channels])) continue;
    throw new ShapeError(`${op}: ${name} expects [${channels}] as x has channels, got ${shapeText(shape)}`);
  }
}

/** Per channel, as it broadcasts over [N, C, H, W]. */
const perChannel = (x: Value): Value => reshape(x, [1, x.shape[0]!, 1, 1]);

/** What `batchNorm2d` normalises by. */
export interface BatchNormState {
  /** Scale and shift after the normalisation, [C] each. */
  weight: Operand;
  bias: Operand;
  /** Running mean and variance, [C] each. */
  mean: Operand;
  variance: Operand;
  /** Default 1e-5. */
  eps?: number;
}

const BATCH_NORM_STATE: OptionNames<BatchNormState> = {
  weight: true,
  bias: true,
  mean: true,
  variance: true,
  eps: true,
};

/** Evaluation: (x - mean) / sqrt(variance + eps) * weight + bias per channel of x [N, C, H, W]. */
export function batchNorm2d(x: Operand, state: BatchNormState, ...extra: never[]): Value {
  refuseExtra('batchNorm2d', extra);
  const value = asValue(x, 'batchNorm2d');
  requireRank('batchNorm2d', 'x', value, 4);
  requireOptions('batchNorm2d', state, BATCH_NORM_STATE);
  const { eps = 1e-5 } = state;
  requireNumber('batchNorm2d', 'eps', eps);
  const [weight, bias] = [asValue(state.weight, 'batchNorm2d'), asValue(state.bias, 'batchNorm2d')];
  const [mean, variance] = [asValue(state.mean, 'batchNorm2d'), asValue(state.variance, 'batchNorm2d')];
  requireChannels('batchNorm2d', value.shape[1]!, { weight, bias, mean, variance });
  // One scale and one shift per channel: two operations in a convolution's epilogue.
  const scale = mul(weight, rsqrt(shift(variance, eps)));
  const offset = sub(bias, mul(mean, scale));
  return add(mul(value, perChannel(scale)), perChannel(offset));
}

/**
 * Training: normalised by the batch's own mean and biased variance (methods.md section 1), with
 * dx = w r (g - mean(g) - xhat mean(g xhat)). Two kernels read x to make a channel's numbers, one each way; everything else
 * is written over x's whole shape, because an operation on channels alone would be a dispatch of its own.
 * @returns also the batch's mean and its unbiased variance, [C], as running statistics take them
 */
export function batchNorm2dTrain(
  x: Operand,
  weight: Operand,
  bias: Operand,
  eps = 1e-5,
  ...extra: never[]
): { out: Value; mean: Value; variance: Value } {
  refuseExtra('batchNorm2dTrain', extra);
  const value = asValue(x, 'batchNorm2dTrain');
  const w = asValue(weight, 'batchNorm2dTrain');
  const b = asValue(bias, 'batchNorm2dTrain');
  requireRank('batchNorm2dTrain', 'x', value, 4);
  requireChannels('batchNorm2dTrain', value.shape[1]!, { weight: w, bias: b });
  requireNumber('batchNorm2dTrain', 'eps', eps);
  const { count, free } = channelCount(value.shape);
  const moments = batchMoments(value);
  const { first: mean, second: variance } = moments;
  const times = (each: Value): Value =>
    perDeviation(each, perChannel(variance), { factor: free / count, eps });
  const xhat = times(sub(value, perChannel(mean)));
  const out = withVjp(add(mul(xhat, perChannel(w)), perChannel(b)), [value, w, b], (g) => {
    const { first: dw, second: db } = batchNormWeightGrad(g, value, moments, eps);
    return [
      () => {
        const shared = mul(add(perChannel(db), mul(xhat, perChannel(dw))), 1 / count);
        return mul(times(sub(g, shared)), perChannel(w));
      },
      () => dw,
      () => db,
    ];
  });
  return { out, mean, variance };
}

/** Over the last axis of x [..., C], biased variance, then weight [C] and bias [C]. */
export function layerNorm(x: Operand, weight: Operand, bias: Operand, eps = 1e-5, ...extra: never[]): Value {
  refuseExtra('layerNorm', extra);
  const value = asValue(x, 'layerNorm');
  const [w, b] = [asValue(weight, 'layerNorm'), asValue(bias, 'layerNorm')];
  const channels = value.shape.at(-1);
  if (!channels) throw new ShapeError(`layerNorm: x expects [..., C], got ${shapeText(value.shape)}`);
  requireChannels('layerNorm', channels, { weight: w, bias: b });
  requireNumber('layerNorm', 'eps', eps);
  const over = { axes: [-1], keepDims: true };
  const centred = sub(value, mean(value, over));
  const r = rsqrt(shift(mean(square(centred), over), eps));
  return add(mul(mul(centred, r), w), b);
}
