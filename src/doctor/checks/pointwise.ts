import * as ops from '../../graph/ops/pointwise.ts';
import type { Value } from '../../graph/value.ts';
import { erf, gelu, map1, map2, sigmoid } from '../../specs/reference/ops.ts';
import { type OpCheck, shaped } from './check.ts';

const LENGTH = 1009;

const unary = (name: string, run: (x: Value) => Value, f: (x: number) => number): OpCheck => ({
  name,
  inputs: shaped([LENGTH]),
  run,
  reference: (x) => map1(x, f),
});

/** Of positive numbers away from zero. */
const positive = (name: string, run: (x: Value) => Value, f: (x: number) => number): OpCheck => ({
  ...unary(name, run, f),
  inputs: [{ shape: [LENGTH], draw: (random) => random.between(0.25, 4) }],
});

const binary = (
  name: string,
  run: (a: Value, b: Value) => Value,
  f: (a: number, b: number) => number,
): OpCheck => ({
  name,
  inputs: [{ shape: [7, 1, 31] }, { shape: [5, 1], draw: (random) => random.between(0.25, 4) }],
  run: (a, b) => run(a!, b!),
  reference: (a, b) => map2(a, b, f),
});

export const pointwiseChecks: readonly OpCheck[] = [
  unary('neg', ops.neg, (x) => -x),
  unary('abs', ops.abs, Math.abs),
  // Of NaN PyTorch's is 0.
  { ...unary('sign', ops.sign, (x) => Math.sign(x) || 0), differentiable: false },
  unary('square', ops.square, (x) => x * x),
  unary('exp', ops.exp, Math.exp),
  positive('log', ops.log, Math.log),
  positive('sqrt', ops.sqrt, Math.sqrt),
  positive('rsqrt', ops.rsqrt, (x) => 1 / Math.sqrt(x)),
  positive('reciprocal', ops.reciprocal, (x) => 1 / x),
  unary('sigmoid', ops.sigmoid, sigmoid),
  unary('tanh', ops.tanh, Math.tanh),
  unary('relu', ops.relu, (x) => Math.max(0, x)),
  unary(
    'relu6',
    (x) => ops.relu6(ops.scale(x, 4)),
    (x) => Math.min(6, Math.max(0, 4 * x)),
  ),
  unary('gelu', ops.gelu, gelu),
  unary(
    'geluSlope',
    ops.geluSlope,
    (x) => 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
  ),
  unary('silu', ops.silu, (x) => x * sigmoid(x)),
  unary(
    'scale, shift, clamp',
    (x) => ops.clamp(ops.shift(ops.scale(x, 3), 0.5), -4, 5),
    (x) => Math.min(5, Math.max(-4, 3 * x + 0.5)),
  ),
  binary(
    'add, mul',
    (a, b) => ops.add(ops.mul(a, b), b),
    (a, b) => a * b + b,
  ),
  binary(
    'sub, div',
    (a, b) => ops.div(ops.sub(a, b), b),
    (a, b) => (a - b) / b,
  ),
  binary(
    'maximum, minimum',
    (a, b) => ops.add(ops.maximum(a, b), ops.minimum(ops.neg(a), b)),
    (a, b) => Math.max(a, b) + Math.min(-a, b),
  ),
  binary(
    'greater, where',
    (a, b) => ops.where(ops.greater(a, b), a, ops.square(b)),
    (a, b) => (a > b ? a : b * b),
  ),
  {
    name: 'cast',
    inputs: shaped([LENGTH]),
    run: (x) => ops.cast(ops.cast(ops.scale(x!, 50), 'i32'), 'f32'),
    // Saturating, NaN to 0.
    reference: (x) =>
      map1(x, (value) => Math.min(2 ** 31, Math.max(-(2 ** 31), Math.trunc(50 * value) || 0))),
    differentiable: false,
  },
];
