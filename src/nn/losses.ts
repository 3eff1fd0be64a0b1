import { requireFlag, requireNumber, requirePositive } from '../arguments.ts';
import { atLeast, rootOfSquares } from '../autograd/root.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand, requireSameShape } from '../graph/operands.ts';
import { stopGradient, withVjp } from '../graph/ops/control.ts';
import { reshape, slice } from '../graph/ops/movement.ts';
import {
  abs,
  add,
  clamp,
  div,
  equal,
  exp,
  greater,
  log,
  log1p,
  mul,
  neg,
  pow,
  relu,
  scale,
  shift,
  sigmoid,
  square,
  sub,
  where,
} from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { cosineMap, NORM_FLOOR, rowDots } from '../graph/ops/similarity.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapesEqual, shapeText } from '../shape.ts';
import { flatten } from './axes.ts';
import { gradientGate } from './gradientGate.ts';
import { LOSS_OPTIONS, type LossOptions, reduced } from './lossReduction.ts';
import { std } from './variance.ts';

/** Squared differences; their mean over all elements by default. */
export function mseLoss(a: Operand, b: Operand, options: LossOptions = {}, ...extra: never[]): Value {
  refuseExtra('mseLoss', extra);
  requireOptions('mseLoss', options, LOSS_OPTIONS);
  return reduced('mseLoss', square(sub(a, b)), options.reduction);
}

/** Absolute differences; their mean over all elements by default. */
export function l1Loss(a: Operand, b: Operand, options: LossOptions = {}, ...extra: never[]): Value {
  refuseExtra('l1Loss', extra);
  requireOptions('l1Loss', options, LOSS_OPTIONS);
  return reduced('l1Loss', abs(sub(a, b)), options.reduction);
}

/** Options of PyTorch's `huber_loss`. */
export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes a straight line; default 1. */
  delta?: number;
}

const HUBER_OPTIONS: OptionNames<HuberLossOptions> = { ...LOSS_OPTIONS, delta: true };

/** d^2 / 2 of differences up to delta, delta (|d| - delta / 2) beyond; their mean over all elements by default. */
export function huberLoss(
  prediction: Operand,
  target: Operand,
  options: HuberLossOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('huberLoss', extra);
  requireOptions('huberLoss', options, HUBER_OPTIONS);
  const { delta = 1, reduction } = options;
  requirePositive('huberLoss', 'delta', delta);
  const d = sub(prediction, target);
  const near = clamp(d, -delta, delta);
  return reduced('huberLoss', mul(near, sub(d, scale(near, 0.5))), reduction);
}

/** Options of PyTorch's `kl_div`. */
export interface KlDivergenceOptions extends LossOptions {
  /** Whether `target` holds logarithms too; default false. */
  logTarget?: boolean;
}

const KL_OPTIONS: OptionNames<KlDivergenceOptions> = { ...LOSS_OPTIONS, logTarget: true };

/**
 * target (ln target - logarithms), `logarithms` being those of the predicted probabilities; 0 where the target is 0. The mean
 * over all elements by default, as PyTorch's; divide the `sum` by the batch for the divergence per sample.
 */
export function klDivergence(
  logarithms: Operand,
  target: Operand,
  options: KlDivergenceOptions = {},
  ...extra: never[]
): Value {
  const op = 'klDivergence';
  refuseExtra(op, extra);
  const predicted = floatOperand(op, 'logarithms', logarithms);
  const goal = floatOperand(op, 'target', target);
  requireOptions(op, options, KL_OPTIONS);
  const { logTarget = false, reduction } = options;
  requireFlag(op, 'logTarget', logTarget);
  if (logTarget) return reduced(op, mul(exp(goal), sub(goal, predicted)), reduction);
  const none = equal(goal, 0);
  const terms = sub(where(none, 0, mul(goal, log(where(none, 1, goal)))), mul(goal, predicted));
  return reduced(op, terms, reduction);
}

/** The paper's equation 4: d^2 / (2 alpha) below alpha, |d| - alpha/2 above; mean over all elements. PyTorch's beta. */
export function smoothL1Loss(prediction: Operand, target: Operand, alpha: number, ...extra: never[]): Value {
  refuseExtra('smoothL1Loss', extra);
  requirePositive('smoothL1Loss', 'alpha', alpha);
  const d = sub(prediction, target);
  // 1 / alpha overflows float32: the loss is |d| at any distance.
  if (!Number.isFinite(Math.fround(1 / alpha))) return mean(abs(d));
  // One formula for both parts, so that neither is infinite in the range of the other.
  const near = clamp(d, -alpha, alpha);
  const rest = sub(d, scale(near, 0.5));
  // A small alpha is divided out first: the product could underflow.
  return mean(alpha < 1e-9 ? mul(scale(near, 1 / alpha), rest) : scale(mul(near, rest), 1 / alpha));
}

/** Options of PyTorch's `binary_cross_entropy_with_logits`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Factor of the loss of positive targets, which broadcasts and gets no derivative; default 1. */
  positiveWeight?: Operand;
}

const BINARY_OPTIONS: OptionNames<BinaryCrossEntropyOptions> = { ...LOSS_OPTIONS, positiveWeight: true };

/**
 * -log of the probability that sigmoid(logits) gives to targets (0 to 1), in a form that cannot overflow: PyTorch's
 * `binary_cross_entropy_with_logits`. The mean over all elements by default.
 */
export function binaryCrossEntropy(
  logits: Operand,
  targets: Operand,
  options: BinaryCrossEntropyOptions = {},
  ...extra: never[]
): Value {
  const op = 'binaryCrossEntropy';
  refuseExtra(op, extra);
  const z = floatOperand(op, 'logits', logits);
  const t = floatOperand(op, 'targets', targets);
  requireOptions(op, options, BINARY_OPTIONS);
  const { positiveWeight, reduction } = options;
  requireSameShape(op, 'targets', t, 'logits', z);
  if (positiveWeight === undefined) {
    const terms = add(sub(relu(z), mul(z, t)), log(shift(exp(neg(abs(z))), 1)));
    // The terms have kinks at 0; their sum has none.
    const losses = withVjp(terms, [z, t], (g) => [() => mul(g, sub(sigmoid(z), t)), () => neg(mul(g, z))]);
    return reduced(op, losses, reduction);
  }
  const p = stopGradient(floatOperand(op, 'positiveWeight', positiveWeight));
  // -log sigmoid(z), whose factor is 1 + (p - 1) t.
  const curve = add(relu(neg(z)), log1p(exp(neg(abs(z)))));
  const extraWeight = shift(p, -1);
  const factor = shift(mul(extraWeight, t), 1);
  const terms = add(mul(shift(neg(t), 1), z), mul(factor, curve));
  requireSameShape(op, 'logits, with positiveWeight,', terms, 'logits', z);
  const losses = withVjp(terms, [z, t], (g) => [
    () => mul(g, sub(shift(neg(t), 1), mul(factor, sigmoid(neg(z))))),
    () => mul(g, sub(mul(extraWeight, curve), z)),
  ]);
  return reduced(op, losses, reduction);
}

/** Options of torchvision's `sigmoid_focal_loss`, whose default reduction is `none`. */
export interface SigmoidFocalLossOptions extends LossOptions {
  /** Weight of positive targets, 1 less it that of negative ones; -1 weighs neither. Default 0.25. */
  alpha?: number;
  /** How much less what is already right counts; default 2. */
  gamma?: number;
}

const FOCAL_OPTIONS: OptionNames<SigmoidFocalLossOptions> = { ...LOSS_OPTIONS, alpha: true, gamma: true };

/** Lin et al. (2017): `binaryCrossEntropy` times (1 - p)^gamma, p the probability of the target. logits, targets of one shape. */
export function sigmoidFocalLoss(
  logits: Operand,
  targets: Operand,
  options: SigmoidFocalLossOptions = {},
  ...extra: never[]
): Value {
  const op = 'sigmoidFocalLoss';
  refuseExtra(op, extra);
  const z = floatOperand(op, 'logits', logits);
  const t = floatOperand(op, 'targets', targets);
  requireOptions(op, options, FOCAL_OPTIONS);
  const { alpha = 0.25, gamma = 2, reduction } = options;
  requireNumber(op, 'alpha', alpha);
  requireNumber(op, 'gamma', gamma);
  requireSameShape(op, 'targets', t, 'logits', z);
  const others = shift(neg(t), 1);
  // 1 - p, computed without cancelling.
  const missing = add(mul(sigmoid(z), others), mul(sigmoid(neg(z)), t));
  const losses = mul(binaryCrossEntropy(z, t, { reduction: 'none' }), pow(missing, gamma));
  const weighted = alpha < 0 ? losses : mul(losses, add(scale(t, alpha), scale(others, 1 - alpha)));
  return reduced(op, weighted, reduction);
}

/** Keeps the targets of focalLoss away from 0 and 1, and the argument of its logarithm away from 0. */
const FOCAL_SMOOTH = 1e-5;

/**
 * Mean of -(1 - p)^2 ln p, p the probability that softmax(logits [N, 2, H, W]) gives to what mask [N, 1, H, W] (0 to 1)
 * says: the focal loss with gamma 2 and no class weights, smoothed as in methods.md 8.3. The mask carries no derivative.
 */
export function focalLoss(logits: Operand, mask: Operand): Value {
  const z = asValue(logits, 'focalLoss');
  const m = stopGradient(mask);
  const [n, classes, ...space] = z.shape;
  if (z.shape.length !== 4 || classes !== 2 || !shapesEqual(m.shape, [n!, 1, ...space])) {
    throw new ShapeError(
      `focalLoss: logits and mask expect [N, 2, H, W] and [N, 1, H, W], got ${shapeText(z.shape)} and ${shapeText(m.shape)}`,
    );
  }
  // Computed one by one: 1 - p would cancel for p near 1.
  const rise = sub(slice(z, [null, { start: 1 }]), slice(z, [null, { end: 1 }]));
  const target = (x: Value): Value => clamp(x, FOCAL_SMOOTH, 1 - FOCAL_SMOOTH);
  const given = add(mul(target(m), sigmoid(rise)), mul(target(shift(neg(m), 1)), sigmoid(neg(rise))));
  const p = shift(given, FOCAL_SMOOTH);
  return neg(mean(mul(square(shift(neg(p), 1)), log(p))));
}

/** Cosine of a and b along channels: [N, C, ...S] -> [N, ...S]. */
export const cosineSimilarity = (a: Operand, b: Operand, ...extra: never[]): Value => {
  refuseExtra('cosineSimilarity', extra);
  return shift(neg(cosineMap(a, b)), 1);
};

/** Per sample one cosine over everything, 1 - cos, mean over the batch (methods.md 4.4): each operand read once. */
export function globalCosineLoss(a: Operand, b: Operand, ...extra: never[]): Value {
  refuseExtra('globalCosineLoss', extra);
  const dots = rowDots(flatten(a), flatten(b));
  const column = (i: number): Value => slice(dots, [null, { start: i, end: i + 1 }]);
  const norm = (i: number): Value => atLeast(rootOfSquares(column(i)), NORM_FLOOR);
  return mean(shift(neg(div(column(0), mul(norm(1), norm(2)))), 1));
}

/**
 * globalCosineLoss(target, rebuilt) that trains only on hard positions: `rebuilt` [N, C, H, W] gets no derivative
 * where its cosine distance lies below mean + strictness * std over all positions of the batch (std unbiased). The value
 * is that of all positions, and `target` carries no derivative (methods.md 5.2). `strictness` has one element.
 */
export function hardMiningCosineLoss(target: Operand, rebuilt: Operand, strictness: Operand): Value {
  const goal = stopGradient(target);
  const x = asValue(rebuilt, 'hardMiningCosineLoss');
  const distance = stopGradient(cosineMap(goal, x));
  const [n, ...space] = distance.shape as [number, ...number[]];
  const bar = add(mean(distance), mul(reshape(strictness, []), std(distance)));
  const easy = reshape(greater(bar, distance), [n, 1, ...space]);
  return globalCosineLoss(goal, gradientGate(x, easy));
}
