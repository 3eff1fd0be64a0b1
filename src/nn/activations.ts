/** Activation functions made of others. Those with a kernel expression of their own are in `graph/ops/pointwise.ts`. */
import { requireNumber, requirePositive } from '../arguments.ts';
import { floatOperand } from '../graph/operands.ts';
import { withVjp } from '../graph/ops/control.ts';
import {
  abs,
  div,
  exp,
  expm1,
  greater,
  log1p,
  minimum,
  mul,
  neg,
  relu6,
  scale,
  shift,
  sigmoid,
  square,
  sub,
  tanh,
  where,
} from '../graph/ops/pointwise.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';

/** x where it is positive, else slope x; the derivative at 0 is the slope. */
export function leakyRelu(x: Operand, slope = 0.01, ...extra: never[]): Value {
  refuseExtra('leakyRelu', extra);
  const value = floatOperand('leakyRelu', 'x', x);
  requireNumber('leakyRelu', 'slope', slope);
  return where(greater(value, 0), value, scale(value, slope));
}

/** As `leakyRelu`, with slopes that are values and broadcast: for one per channel of [N, C, H, W] give [C, 1, 1]. */
export function prelu(x: Operand, slope: Operand, ...extra: never[]): Value {
  refuseExtra('prelu', extra);
  const value = floatOperand('prelu', 'x', x);
  return where(greater(value, 0), value, mul(value, floatOperand('prelu', 'slope', slope)));
}

/** x where it is positive, else alpha (e^x - 1). */
export function elu(x: Operand, alpha = 1, ...extra: never[]): Value {
  refuseExtra('elu', extra);
  const value = floatOperand('elu', 'x', x);
  requireNumber('elu', 'alpha', alpha);
  return where(greater(value, 0), value, scale(expm1(upTo(value, 0)), alpha));
}

/** Scale and alpha of Klambauer et al. (2017), which keep mean 0 and variance 1. */
const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

/** 1.0507 times `elu` with alpha 1.6733. */
export function selu(x: Operand, ...extra: never[]): Value {
  refuseExtra('selu', extra);
  return scale(elu(floatOperand('selu', 'x', x), SELU.alpha), SELU.scale);
}

/** x where it is positive, else alpha (e^(x / alpha) - 1): its slope is 1 on both sides of 0. alpha is not 0. */
export function celu(x: Operand, alpha = 1, ...extra: never[]): Value {
  refuseExtra('celu', extra);
  const value = floatOperand('celu', 'x', x);
  requirePositive('celu', 'alpha', alpha);
  return where(greater(value, 0), value, scale(expm1(scale(upTo(value, 0), 1 / alpha)), alpha));
}

/** Options of PyTorch's `softplus`. */
export interface SoftplusOptions {
  /** Default 1. */
  beta?: number;
  /** Where beta x exceeds it, the result is x; default 20, as in PyTorch. */
  threshold?: number;
}

const SOFTPLUS_OPTIONS: OptionNames<SoftplusOptions> = { beta: true, threshold: true };

/** ln(1 + e^(beta x)) / beta. */
export function softplus(x: Operand, options: SoftplusOptions = {}, ...extra: never[]): Value {
  refuseExtra('softplus', extra);
  const value = floatOperand('softplus', 'x', x);
  requireOptions('softplus', options, SOFTPLUS_OPTIONS);
  const { beta = 1, threshold = 20 } = options;
  requirePositive('softplus', 'beta', beta);
  requireNumber('softplus', 'threshold', threshold);
  const z = scale(value, beta);
  // From 17 on the two do not differ in float32; e^z would overflow from 88 on, and its derivative with it.
  const end = Math.min(threshold, 80);
  const curve = log1p(exp(upTo(z, end)));
  return where(greater(z, end), value, scale(curve, 1 / beta));
}

/** ln(sigmoid(x)), which is min(x, 0) - ln(1 + e^-|x|): no digits are lost at either end. */
export function logSigmoid(x: Operand, ...extra: never[]): Value {
  refuseExtra('logSigmoid', extra);
  const value = floatOperand('logSigmoid', 'x', x);
  const out = sub(minimum(value, 0), log1p(exp(neg(abs(value)))));
  // Both parts have a kink at 0, their difference has none.
  return withVjp(out, [value], (g) => [() => mul(g, sigmoid(neg(value)))]);
}

/** x tanh(softplus(x)). */
export function mish(x: Operand, ...extra: never[]): Value {
  refuseExtra('mish', extra);
  const value = floatOperand('mish', 'x', x);
  return mul(value, tanh(softplus(value)));
}

/** min(max(x + 3, 0), 6) / 6; its derivative at -3 and 3 is 0. */
export function hardsigmoid(x: Operand, ...extra: never[]): Value {
  refuseExtra('hardsigmoid', extra);
  return scale(relu6(shift(floatOperand('hardsigmoid', 'x', x), 3)), 1 / 6);
}

/** x / (1 + |x|). */
export function softsign(x: Operand, ...extra: never[]): Value {
  refuseExtra('softsign', extra);
  const value = floatOperand('softsign', 'x', x);
  return div(value, shift(abs(value), 1));
}

/** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: PyTorch's gelu with approximate='tanh'. `gelu` is exact. */
export function geluTanh(x: Operand, ...extra: never[]): Value {
  refuseExtra('geluTanh', extra);
  const value = floatOperand('geluTanh', 'x', x);
  const inner = mul(value, shift(scale(square(value), 0.044715), 1));
  // (1 + tanh u) / 2 = sigmoid(2 u), which keeps its digits where tanh is near -1.
  return mul(value, sigmoid(scale(inner, 2 * Math.sqrt(2 / Math.PI))));
}

/** The smaller of x and `high`. At `high` its slope is 1; NaN passes. */
const upTo = (x: Value, high: number): Value => where(greater(x, high), high, x);
