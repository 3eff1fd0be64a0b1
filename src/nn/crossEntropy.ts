import { gotText, ShapeError } from '../errors.ts';
import { floatOperand, requireIndices } from '../graph/operands.ts';
import { stopGradient } from '../graph/ops/control.ts';
import { permute, reshape } from '../graph/ops/movement.ts';
import { add, cast, div, equal, mul, neg, scale, where } from '../graph/ops/pointwise.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { gather, takeAlongAxis } from '../graph/ops/select.ts';
import { asValue, constant, knownData, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { product, shapesEqual, shapeText } from '../shape.ts';
import { LOSS_OPTIONS, type LossOptions, requireReduction } from './lossReduction.ts';
import { logSoftmax } from './softmax.ts';

/** Options of PyTorch's `nll_loss`, except that no label is ignored by default. */
export interface NllLossOptions extends LossOptions {
  /** The label to leave out of the loss and its divisor, any i32; default none (PyTorch's is -100). */
  ignoreIndex?: number;
  /** A factor for each class, [C], which gets no derivative; default 1. `mean` divides by the weights of the labels. */
  weights?: Operand;
}

/** Options of PyTorch's `cross_entropy`, except that no label is ignored by default. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** From 0 (default) to 1: how much of each target is spread evenly over all classes. */
  labelSmoothing?: number;
}

const NLL_OPTIONS: OptionNames<NllLossOptions> = { ...LOSS_OPTIONS, ignoreIndex: true, weights: true };
const OPTIONS: OptionNames<CrossEntropyOptions> = { ...NLL_OPTIONS, labelSmoothing: true };

/**
 * -log softmax(logits)[label]: logits [N, C, ...S], labels (i32) [N, ...S]. A class may have the logit -infinity.
 * @throws ShapeError for a constant label outside 0..C-1; one that only the device knows makes loss and gradient NaN.
 */
export function crossEntropy(
  logits: Operand,
  labels: Operand,
  options: CrossEntropyOptions = {},
  ...extra: never[]
): Value {
  const op = 'crossEntropy';
  refuseExtra(op, extra);
  const value = floatOperand(op, 'logits', logits);
  requireOptions(op, options, OPTIONS);
  return labelLoss({ op, name: 'logits', value, logarithms: (x) => logSoftmax(x, 1) }, labels, options);
}

/**
 * -logarithms[label]: logarithms of probabilities [N, C, ...S], as `logSoftmax` gives them, labels (i32) [N, ...S].
 * @throws ShapeError as `crossEntropy`.
 */
export function nllLoss(
  logarithms: Operand,
  labels: Operand,
  options: NllLossOptions = {},
  ...extra: never[]
): Value {
  const op = 'nllLoss';
  refuseExtra(op, extra);
  const value = floatOperand(op, 'logarithms', logarithms);
  requireOptions(op, options, NLL_OPTIONS);
  return labelLoss({ op, name: 'logarithms', value, logarithms: (x) => x }, labels, options);
}

/** Who asks for a loss by labels, and how its operand becomes logarithms of probabilities. */
interface LabelLoss {
  readonly op: string;
  /** Its operand's name in errors. */
  readonly name: string;
  readonly value: Value;
  readonly logarithms: (x: Value) => Value;
}

function labelLoss(
  { op, name, value, logarithms }: LabelLoss,
  labels: Operand,
  { ignoreIndex, weights, labelSmoothing = 0, reduction = 'mean' }: CrossEntropyOptions,
): Value {
  const targets = asValue(labels, op);
  const [n, classes, ...space] = value.shape as [number, number, ...number[]];
  if (value.shape.length < 2 || product(value.shape) === 0) {
    throw new ShapeError(`${op}: ${name} expects [N, C, ...], got ${shapeText(value.shape)}`);
  }
  if (targets.dtype !== 'i32' || !shapesEqual(targets.shape, [n, ...space])) {
    throw new ShapeError(
      `${op}: labels expects i32 ${shapeText([n, ...space])} to match ${name} ${shapeText(value.shape)}, got ${targets.dtype} ${shapeText(targets.shape)}`,
    );
  }
  if (ignoreIndex !== undefined && (ignoreIndex | 0) !== ignoreIndex) {
    throw new ShapeError(`${op}: ignoreIndex expects a whole number of 32 bits, got ${gotText(ignoreIndex)}`);
  }
  requireIndices(op, 'labels', targets, classes, ignoreIndex);
  if (!(Number.isFinite(labelSmoothing) && labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ShapeError(`${op}: labelSmoothing expects 0 to 1, got ${gotText(labelSmoothing)}`);
  }
  requireReduction(op, reduction);
  const factors = weights === undefined ? null : stopGradient(floatOperand(op, 'weights', weights));
  if (factors && !shapesEqual(factors.shape, [classes])) {
    throw new ShapeError(
      `${op}: weights expects [${classes}] to match the classes, got ${shapeText(factors.shape)}`,
    );
  }
  const count = product(targets.shape);
  const flat = reshape(targets, [count]);
  const ignored = ignoreIndex === undefined ? null : cast(equal(flat, ignoreIndex), 'f32');
  const counted = (each: Value): Value => (ignored ? where(ignored, 0, each) : each);
  // Ignored labels become class 0; `counted` leaves them out.
  const existing = knownData(targets)?.map((label) => (label === ignoreIndex ? 0 : label));
  const places = existing ? constant(existing, [count], 'i32') : flat;
  const rows = classRows(logarithms(value));
  // NaN for a label without a class; it multiplies the whole row, so the row's gradient is NaN too.
  const factor = counted(gather(factors ?? constant(new Float32Array(classes).fill(1), [classes]), places));
  const weighted = mul(rows, reshape(factor, [count, 1]));
  const own = counted(neg(reshape(takeAlongAxis(weighted, reshape(places, [count, 1])), [count])));
  const even = (): Value => counted(neg(sum(factors ? mul(rows, factors) : rows, { axes: [1] })));
  const losses =
    labelSmoothing === 0 ? own : add(scale(own, 1 - labelSmoothing), scale(even(), labelSmoothing / classes));
  if (reduction === 'none') return reshape(losses, targets.shape);
  if (reduction === 'sum') return sum(losses);
  return factors || ignored ? div(sum(losses), sum(factor)) : mean(losses);
}

/** [N, C, ...S] -> [N ...S, C]. */
function classRows(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return reshape(permute(x, [...axes.filter((axis) => axis !== 1), 1]), [-1, x.shape[1]!]);
}
