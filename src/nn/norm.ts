import { requireCount, requireNumber } from '../arguments.ts';
import { channelCount } from '../autograd/batchNorm.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { withVjp } from '../graph/ops/control.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, mul, rsqrt, shift, square, sub } from '../graph/ops/pointwise.ts';
import { perDeviation } from '../graph/ops/pointwiseOps.ts';
import { mean } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { product, shapesEqual, shapeText } from '../shape.ts';
import { batchMoments, batchNormWeightGrad } from './batchMoments.ts';

/** @throws ShapeError unless each of `vectors` has one number for each channel. */
function requireChannels(op: string, channels: number, vectors: Readonly<Record<string, Value>>): void {
  for (const [name, { shape }] of Object.entries(vectors)) {
    if (shapesEqual(shape, [channels])) continue;
    throw new ShapeError(`${op}: ${name} expects [${channels}] as x has channels, got ${shapeText(shape)}`);
  }
}

/** A number for each channel, as it broadcasts over x [N, C, ...S]. */
const perChannel = (x: Value, each: Value): Value =>
  reshape(
    each,
    x.shape.map((_, axis) => (axis === 1 ? each.shape[0]! : 1)),
  );

/** @throws ShapeError unless x is [N, C, ...S]. */
function requireChannelAxis(op: string, x: Value): void {
  if (x.shape.length >= 2) return;
  throw new ShapeError(`${op}: x expects [N, C, ...], got ${shapeText(x.shape)}`);
}

/** What `batchNorm` normalises by. */
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

/** Evaluation: (x - mean) / sqrt(variance + eps) * weight + bias per channel of x [N, C, ...S]. */
export function batchNorm(x: Operand, state: BatchNormState, ...extra: never[]): Value {
  refuseExtra('batchNorm', extra);
  const value = asValue(x, 'batchNorm');
  requireChannelAxis('batchNorm', value);
  requireOptions('batchNorm', state, BATCH_NORM_STATE);
  const { eps = 1e-5 } = state;
  requireNumber('batchNorm', 'eps', eps);
  const [weight, bias] = [asValue(state.weight, 'batchNorm'), asValue(state.bias, 'batchNorm')];
  const [mean, variance] = [asValue(state.mean, 'batchNorm'), asValue(state.variance, 'batchNorm')];
  requireChannels('batchNorm', value.shape[1]!, { weight, bias, mean, variance });
  // One scale and one shift per channel: two operations in a convolution's epilogue.
  const scale = mul(weight, rsqrt(shift(variance, eps)));
  const offset = sub(bias, mul(mean, scale));
  return add(mul(value, perChannel(value, scale)), perChannel(value, offset));
}

/**
 * Training: each channel of x [N, C, ...S] normalised by the batch's own mean and biased variance (methods.md section 1), with
 * dx = w r (g - mean(g) - xhat mean(g xhat)). Two kernels read x to make a channel's numbers, one each way; everything else
 * is written over x's whole shape, because an operation on channels alone would be a dispatch of its own.
 * @returns also the batch's mean and its unbiased variance, [C], as running statistics take them
 */
export function batchNormTrain(
  x: Operand,
  weight: Operand,
  bias: Operand,
  eps = 1e-5,
  ...extra: never[]
): { out: Value; mean: Value; variance: Value } {
  refuseExtra('batchNormTrain', extra);
  const value = asValue(x, 'batchNormTrain');
  const w = asValue(weight, 'batchNormTrain');
  const b = asValue(bias, 'batchNormTrain');
  requireChannelAxis('batchNormTrain', value);
  requireChannels('batchNormTrain', value.shape[1]!, { weight: w, bias: b });
  requireNumber('batchNormTrain', 'eps', eps);
  const { count, free } = channelCount(value.shape);
  const moments = batchMoments(value);
  const { first: mean, second: variance } = moments;
  const times = (each: Value): Value =>
    perDeviation(each, perChannel(value, variance), { factor: free / count, eps });
  const xhat = times(sub(value, perChannel(value, mean)));
  const out = withVjp(add(mul(xhat, perChannel(value, w)), perChannel(value, b)), [value, w, b], (g) => {
    const { first: dw, second: db } = batchNormWeightGrad(g, value, moments, eps);
    return [
      () => {
        const shared = mul(add(perChannel(value, db), mul(xhat, perChannel(value, dw))), 1 / count);
        return mul(times(sub(g, shared)), perChannel(value, w));
      },
      () => dw,
      () => db,
    ];
  });
  return { out, mean, variance };
}

/** What `groupNorm` and `instanceNorm` do after they have normalised, and by what. */
export interface GroupNormOptions {
  /** Scale and shift, [C] each; default none. */
  weight?: Operand;
  bias?: Operand;
  /** Added to the variance; default 1e-5. */
  eps?: number;
}

const GROUP_NORM_OPTIONS: OptionNames<GroupNormOptions> = { weight: true, bias: true, eps: true };

/** Each group of channels of each sample of x [N, C, ...S] by its own mean and biased variance; `groups` divides C. */
export function groupNorm(
  x: Operand,
  groups: number,
  options: GroupNormOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('groupNorm', extra);
  return inGroups('groupNorm', x, groups, options);
}

/** Each channel of each sample of x [N, C, ...S] by its own mean and biased variance. */
export function instanceNorm(x: Operand, options: GroupNormOptions = {}, ...extra: never[]): Value {
  refuseExtra('instanceNorm', extra);
  return inGroups('instanceNorm', x, null, options);
}

/** @param asked null: a group for each channel. */
function inGroups(op: string, x: Operand, asked: number | null, options: GroupNormOptions): Value {
  const value = floatOperand(op, 'x', x);
  requireChannelAxis(op, value);
  requireOptions(op, options, GROUP_NORM_OPTIONS);
  const { weight, bias, eps = 1e-5 } = options;
  requireNumber(op, 'eps', eps);
  const [n, c, ...space] = value.shape as [number, number, ...number[]];
  const groups = asked ?? c;
  if (asked !== null) requireCount(op, 'groups', asked, 1);
  if (c % groups !== 0)
    throw new ShapeError(`${op}: groups expects a divisor of ${c} channels, got ${groups}`);
  const [w, b] = [weight, bias].map((each) => (each === undefined ? undefined : asValue(each, op)));
  requireChannels(op, c, { ...(w && { weight: w }), ...(b && { bias: b }) });
  if (product(value.shape) === 0) return value;
  const rows = reshape(value, [1, n * groups, (c / groups) * product(space)]);
  const xhat = reshape(standardised(rows, eps), value.shape);
  const scaled = w ? mul(xhat, perChannel(value, w)) : xhat;
  return b ? add(scaled, perChannel(value, b)) : scaled;
}

/** Each row of x [1, R, M] less its mean over sqrt(its biased variance + eps), with the derivative of `batchNormTrain`. */
function standardised(x: Value, eps: number): Value {
  const { count, free } = channelCount(x.shape);
  const moments = batchMoments(x);
  const times = (each: Value): Value =>
    perDeviation(each, perChannel(x, moments.second), { factor: free / count, eps });
  const xhat = times(sub(x, perChannel(x, moments.first)));
  return withVjp(xhat, [x], (g) => [
    () => {
      const { first: along, second: total } = batchNormWeightGrad(g, x, moments, eps);
      const shared = mul(add(perChannel(x, total), mul(xhat, perChannel(x, along))), 1 / count);
      return times(sub(g, shared));
    },
  ]);
}

/** Over those last axes of x that `weight` and `bias` have, [C] or more: biased variance, then weight and bias. */
export function layerNorm(x: Operand, weight: Operand, bias: Operand, eps = 1e-5, ...extra: never[]): Value {
  refuseExtra('layerNorm', extra);
  const value = asValue(x, 'layerNorm');
  const [w, b] = [asValue(weight, 'layerNorm'), asValue(bias, 'layerNorm')];
  const rank = Math.max(1, w.shape.length);
  const sizes = value.shape.slice(-rank);
  if (value.shape.length < rank || product(sizes) === 0) {
    throw new ShapeError(`layerNorm: x expects [..., C], got ${shapeText(value.shape)}`);
  }
  for (const [name, { shape }] of Object.entries({ weight: w, bias: b })) {
    if (shapesEqual(shape, sizes)) continue;
    throw new ShapeError(
      `layerNorm: ${name} expects ${shapeText(sizes)}, with which x ends, got ${shapeText(shape)}`,
    );
  }
  requireNumber('layerNorm', 'eps', eps);
  const over = { axes: sizes.map((_, i) => i - rank), keepDims: true };
  const centred = sub(value, mean(value, over));
  const r = rsqrt(shift(mean(square(centred), over), eps));
  return add(mul(mul(centred, r), w), b);
}
