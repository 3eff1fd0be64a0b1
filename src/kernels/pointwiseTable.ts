/** Every function of one element, once: its WGSL expression and its cost. Fusion splices these anywhere. */
import { erf } from './math/erf.ts';
import { accurateExp } from './math/exp.ts';
import { expm1 } from './math/expm1.ts';
import { floatMod, floorDiv, remainder } from './math/floatMod.ts';
import {
  accurateAcosh,
  accurateAsinh,
  accurateAtanh,
  accurateCosh,
  accurateSinh,
} from './math/hyperbolic.ts';
import { accurateAcos, accurateAsin, accurateAtan } from './math/inverseTrig.ts';
import { accurateLog } from './math/log.ts';
import { log1p } from './math/log1p.ts';
import { isNan, larger, smaller } from './math/nan.ts';
import { normalCdf } from './math/normalCdf.ts';
import { accuratePow } from './math/pow.ts';
import { sigmoid, silu } from './math/sigmoid.ts';
import { accurateTan, sinCos } from './math/sinCos.ts';
import { accurateTanh } from './math/tanh.ts';
import type { WgslFunction } from './wgsl.ts';

export interface PointwiseEntry {
  readonly arity: number;
  /** Names of its literal parameters. */
  readonly params: readonly string[];
  readonly flops: number;
  readonly functions?: readonly WgslFunction[];
  /** The expression; arguments are names or literals of type f32, so no parentheses are needed around them. */
  readonly wgsl: (args: readonly string[], params: readonly string[]) => string;
}

const unary = (text: (x: string) => string, flops = 1, ...functions: WgslFunction[]): PointwiseEntry => ({
  arity: 1,
  params: [],
  flops,
  functions,
  wgsl: ([x]) => text(x!),
});
const binary = (
  text: (a: string, b: string) => string,
  flops = 1,
  ...functions: WgslFunction[]
): PointwiseEntry => ({
  arity: 2,
  params: [],
  flops,
  functions,
  wgsl: ([a, b]) => text(a!, b!),
});

/** Not 0; NaN is true. By the bits, see `math/nan.ts`. */
const isTrue = (x: string): string => `(bitcast<u32>(${x}) << 1u) != 0u`;

export const POINTWISE = {
  constant: { arity: 0, params: ['value'], flops: 0, wgsl: (_, [value]) => value! },
  identity: unary((x) => x, 0),
  neg: unary((x) => `-${x}`),
  abs: unary((x) => `abs(${x})`),
  /** 0 for NaN, as in PyTorch. */
  sign: unary((x) => `select(sign(${x}), 0.0, is_nan(${x}))`, 1, isNan),
  square: unary((x) => `${x} * ${x}`),
  exp: unary((x) => `accurate_exp(${x})`, 20, accurateExp),
  log: unary((x) => `accurate_log(${x})`, 30, accurateLog),
  expm1: unary((x) => `expm1(${x})`, 22, expm1),
  log1p: unary((x) => `log1p(${x})`, 45, log1p),
  erf: unary((x) => `erf(${x})`, 95, erf),
  sin: unary((x) => `sin_cos(${x}).x`, 70, sinCos),
  cos: unary((x) => `sin_cos(${x}).y`, 70, sinCos),
  tan: unary((x) => `accurate_tan(${x})`, 74, accurateTan),
  asin: unary((x) => `accurate_asin(${x})`, 22, accurateAsin),
  acos: unary((x) => `accurate_acos(${x})`, 22, accurateAcos),
  atan: unary((x) => `accurate_atan(${x})`, 22, accurateAtan),
  sinh: unary((x) => `accurate_sinh(${x})`, 50, accurateSinh),
  cosh: unary((x) => `accurate_cosh(${x})`, 30, accurateCosh),
  asinh: unary((x) => `accurate_asinh(${x})`, 90, accurateAsinh),
  acosh: unary((x) => `accurate_acosh(${x})`, 90, accurateAcosh),
  atanh: unary((x) => `accurate_atanh(${x})`, 55, accurateAtanh),
  sqrt: unary((x) => `sqrt(${x})`, 4),
  rsqrt: unary((x) => `inverseSqrt(${x})`, 4),
  reciprocal: unary((x) => `1.0 / ${x}`, 4),
  floor: unary((x) => `floor(${x})`),
  ceil: unary((x) => `ceil(${x})`),
  /** WGSL rounds halves to the even number, as PyTorch does. */
  round: unary((x) => `round(${x})`),
  trunc: unary((x) => `trunc(${x})`),
  isNan: unary((x) => `select(0.0, 1.0, is_nan(${x}))`, 1, isNan),
  sigmoid: unary((x) => `sigmoid(${x})`, 25, sigmoid),
  tanh: unary((x) => `accurate_tanh(${x})`, 40, accurateTanh),
  /** Tests the bits for negative numbers down to -inf, so that NaN with a sign bit stays NaN. */
  relu: unary((x) => `select(${x}, 0.0, bitcast<i32>(${x}) <= -0x800000)`),
  relu6: unary((x) => `select(clamp(${x}, 0.0, 6.0), ${x}, is_nan(${x}))`, 2, isNan),
  /** x Phi(x), the exact form. */
  gelu: unary((x) => `${x} * normal_cdf(${x}).x`, 75, normalCdf),
  /** d gelu / dx = Phi(x) + x phi(x). */
  geluSlope: unary((x) => `dot(normal_cdf(${x}), vec2f(1.0, ${x}))`, 77, normalCdf),
  silu: unary((x) => `silu(${x})`, 27, silu),
  /** Divides before multiplying, so that the largest numbers do not overflow. */
  hardswish: unary((x) => `${x} * (clamp(${x} + 3.0, 0.0, 6.0) / 6.0)`, 8),
  add: binary((a, b) => `${a} + ${b}`),
  sub: binary((a, b) => `${a} - ${b}`),
  mul: binary((a, b) => `${a} * ${b}`),
  div: binary((a, b) => `${a} / ${b}`, 4),
  pow: binary((a, b) => `accurate_pow(${a}, ${b})`, 90, accuratePow),
  floorDiv: binary((a, b) => `floor_div(${a}, ${b})`, 90, floorDiv),
  truncDiv: binary((a, b) => `trunc(${a} / ${b})`, 5),
  remainder: binary((a, b) => `remainder(${a}, ${b})`, 80, remainder),
  fmod: binary((a, b) => `float_mod(${a}, ${b})`, 75, floatMod),
  maximum: binary((a, b) => `larger(${a}, ${b})`, 1, larger),
  minimum: binary((a, b) => `smaller(${a}, ${b})`, 1, smaller),
  greater: binary((a, b) => `select(0.0, 1.0, ${a} > ${b})`),
  greaterEqual: binary((a, b) => `select(0.0, 1.0, ${a} >= ${b})`),
  less: binary((a, b) => `select(0.0, 1.0, ${a} < ${b})`),
  lessEqual: binary((a, b) => `select(0.0, 1.0, ${a} <= ${b})`),
  equal: binary((a, b) => `select(0.0, 1.0, ${a} == ${b})`),
  notEqual: binary((a, b) => `select(1.0, 0.0, ${a} == ${b})`),
  /** args: condition, value where it is not zero (NaN counts as not zero), value where it is. */
  where: {
    arity: 3,
    params: [],
    flops: 1,
    wgsl: ([c, a, b]) => `select(${b}, ${a}, ${isTrue(c!)})`,
  },
  logicalAnd: binary((a, b) => `select(0.0, 1.0, (${isTrue(a)}) & (${isTrue(b)}))`, 3),
  logicalOr: binary((a, b) => `select(0.0, 1.0, (${isTrue(a)}) | (${isTrue(b)}))`, 3),
  logicalXor: binary((a, b) => `select(0.0, 1.0, (${isTrue(a)}) != (${isTrue(b)}))`, 3),
  logicalNot: unary((x) => `select(1.0, 0.0, ${isTrue(x)})`),
  scale: { arity: 1, params: ['factor'], flops: 1, wgsl: ([x], [factor]) => `${x} * ${factor}` },
  shift: { arity: 1, params: ['offset'], flops: 1, wgsl: ([x], [offset]) => `${x} + ${offset}` },
  /** args: d, a variance. d / sqrt(factor variance + eps). */
  perDeviation: {
    arity: 2,
    params: ['factor', 'eps'],
    flops: 6,
    wgsl: ([d, variance], [factor, eps]) => `${d} * inverseSqrt(${variance} * ${factor} + ${eps})`,
  },
  clamp: {
    arity: 1,
    params: ['low', 'high'],
    flops: 2,
    functions: [isNan],
    wgsl: ([x], [low, high]) => `select(clamp(${x}, ${low}, ${high}), ${x}, is_nan(${x}))`,
  },
} as const satisfies Record<string, PointwiseEntry>;

export type PointwiseName = keyof typeof POINTWISE;
