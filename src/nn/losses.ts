import { atLeast, rootOfSquares } from '../autograd/root.ts';
import { gotText, ShapeError } from '../errors.ts';
import { stopGradient, withVjp } from '../graph/ops/control.ts';
import { reshape, slice } from '../graph/ops/movement.ts';
import {
  abs,
  add,
  clamp,
  div,
  exp,
  greater,
  log,
  mul,
  neg,
  relu,
  scale,
  shift,
  sigmoid,
  square,
  sub,
} from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { cosineMap, NORM_FLOOR, rowDots } from '../graph/ops/similarity.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { shapesEqual, shapeText } from '../shape.ts';
import { flatten } from './axes.ts';
import { gradientGate } from './gradientGate.ts';
import { std } from './variance.ts';

/** Mean of squared differences over all elements. */
export const mseLoss = (a: Operand, b: Operand, ...extra: never[]): Value => {
  refuseExtra('mseLoss', extra);
  return mean(square(sub(a, b)));
};

/** The paper's equation 4: d^2 / (2 alpha) below alpha, |d| - alpha/2 above; mean over all elements. PyTorch's beta. */
export function smoothL1Loss(prediction: Operand, target: Operand, alpha: number, ...extra: never[]): Value {
  refuseExtra('smoothL1Loss', extra);
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw new ShapeError(`smoothL1Loss: alpha expects more than 0, got ${gotText(alpha)}`);
  }
  const d = sub(prediction, target);
  // 1 / alpha overflows float32: the loss is |d| at any distance.
  if (!Number.isFinite(Math.fround(1 / alpha))) return mean(abs(d));
  // One formula for both parts, so that neither is infinite in the range of the other.
  const near = clamp(d, -alpha, alpha);
  const rest = sub(d, scale(near, 0.5));
  // A small alpha is divided out first: the product could underflow.
  return mean(alpha < 1e-9 ? mul(scale(near, 1 / alpha), rest) : scale(mul(near, rest), 1 / alpha));
}

/** Mean of -log of the probability that sigmoid(logits) gives to targets (0 to 1), in a form that cannot overflow. */
export function binaryCrossEntropy(logits: Operand, targets: Operand): Value {
  const z = asValue(logits, 'binaryCrossEntropy');
  const t = asValue(targets, 'binaryCrossEntropy');
  const terms = add(sub(relu(z), mul(z, t)), log(shift(exp(neg(abs(z))), 1)));
  // The terms have kinks at 0; their sum has none.
  return mean(withVjp(terms, [z, t], (g) => [() => mul(g, sub(sigmoid(z), t)), () => neg(mul(g, z))]));
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
