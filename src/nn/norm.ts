import { batchMoments, batchNormWeightGrad, channelCount } from '../graph/ops/batchNorm.ts';
import { withVjp } from '../graph/ops/control.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, mul, perDeviation, rsqrt, shift, square, sub } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';

/** Per channel, as it broadcasts over [N, C, H, W]. */
const perChannel = (x: Operand): Value => {
  const value = asValue(x);
  return reshape(value, [1, value.shape[0]!, 1, 1]);
};

export interface BatchNormState {
  weight: Operand;
  bias: Operand;
  /** Running mean and variance [C]. */
  mean: Operand;
  variance: Operand;
  /** Default 1e-5. */
  eps?: number;
}

/** Evaluation: (x - mean) / sqrt(variance + eps) * weight + bias per channel of x [N, C, H, W]. */
export function batchNorm2d(x: Operand, { weight, bias, mean, variance, eps = 1e-5 }: BatchNormState): Value {
  // One scale and one shift per channel: small values, and two operations in a convolution's epilogue.
  const scale = mul(weight, rsqrt(shift(variance, eps)));
  const offset = sub(bias, mul(mean, scale));
  return add(mul(x, perChannel(scale)), perChannel(offset));
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
): { out: Value; mean: Value; variance: Value } {
  const value = asValue(x);
  const w = asValue(weight);
  const b = asValue(bias);
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
export function layerNorm(x: Operand, weight: Operand, bias: Operand, eps = 1e-5): Value {
  const value = asValue(x);
  const over = { axes: [-1], keepDims: true };
  const centred = sub(value, mean(value, over));
  const r = rsqrt(shift(mean(square(centred), over), eps));
  return add(mul(mul(centred, r), weight), bias);
}
