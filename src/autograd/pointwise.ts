import { WgadError } from '../errors.ts';
import {
  add,
  broadcastTo,
  cos,
  cosh,
  div,
  equal,
  exp,
  floorDiv,
  greater,
  greaterEqual,
  log,
  mul,
  neg,
  pow,
  rsqrt,
  scale,
  shift,
  sigmoid,
  sign,
  sin,
  sinh,
  square,
  truncDiv,
  where,
} from '../graph/ops/pointwise.ts';
import { perDeviation, pointwise } from '../graph/ops/pointwiseOps.ts';
import type { Value } from '../graph/value.ts';
import type { PointwiseName } from '../kernels/pointwiseTable.ts';
import type { Vjps } from './rule.ts';

type Slope = (
  g: Value,
  args: readonly Value[],
  out: Value,
  params: readonly number[],
) => readonly ((() => Value) | null)[];

const NONE: Slope = () => [null, null, null];

/** dL/dargument of each pointwise function, before summing broadcast axes back. `g` is dL/dout. */
const SLOPES: Record<PointwiseName, Slope> = {
  constant: NONE,
  floor: NONE,
  ceil: NONE,
  round: NONE,
  trunc: NONE,
  floorDiv: NONE,
  truncDiv: NONE,
  isNan: NONE,
  greater: NONE,
  greaterEqual: NONE,
  less: NONE,
  lessEqual: NONE,
  equal: NONE,
  notEqual: NONE,
  logicalAnd: NONE,
  logicalOr: NONE,
  logicalXor: NONE,
  logicalNot: NONE,
  identity: (g) => [() => g],
  neg: (g) => [() => neg(g)],
  sign: (_, [x]) => [() => broadcastTo(0, x!.shape)],
  abs: (g, [x]) => [() => mul(g, sign(x!))],
  square: (g, [x]) => [() => mul(g, scale(x!, 2))],
  exp: (g, _, out) => [() => mul(g, out)],
  log: (g, [x]) => [() => div(g, x!)],
  expm1: (g, _, out) => [() => mul(g, shift(out, 1))],
  log1p: (g, [x]) => [() => div(g, shift(x!, 1))],
  /** 2 e^(-x^2) / sqrt(pi). */
  erf: (g, [x]) => [() => mul(g, scale(exp(neg(square(x!))), 2 / Math.sqrt(Math.PI)))],
  sin: (g, [x]) => [() => mul(g, cos(x!))],
  cos: (g, [x]) => [() => neg(mul(g, sin(x!)))],
  tan: (g, _, out) => [() => mul(g, shift(square(out), 1))],
  asin: (g, [x]) => [() => mul(g, rsqrt(shift(neg(square(x!)), 1)))],
  acos: (g, [x]) => [() => neg(mul(g, rsqrt(shift(neg(square(x!)), 1))))],
  atan: (g, [x]) => [() => div(g, shift(square(x!), 1))],
  sinh: (g, [x]) => [() => mul(g, cosh(x!))],
  cosh: (g, [x]) => [() => mul(g, sinh(x!))],
  asinh: (g, [x]) => [() => mul(g, rsqrt(shift(square(x!), 1)))],
  acosh: (g, [x]) => [() => mul(g, rsqrt(shift(square(x!), -1)))],
  atanh: (g, [x]) => [() => div(g, shift(neg(square(x!)), 1))],
  sqrt: (g, _, out) => [() => div(scale(g, 0.5), out)],
  rsqrt: (g, _, out) => [() => mul(scale(g, -0.5), mul(out, square(out)))],
  reciprocal: (g, _, out) => [() => neg(mul(g, square(out)))],
  sigmoid: (g, _, out) => [() => mul(g, mul(out, shift(neg(out), 1)))],
  tanh: (g, _, out) => [() => mul(g, shift(neg(square(out)), 1))],
  // 0 at every bound and g for NaN, as in PyTorch.
  relu: (g, [x]) => [() => where(greaterEqual(0, x!), 0, g)],
  relu6: (g, [x]) => [() => where(add(greaterEqual(0, x!), greaterEqual(x!, 6)), 0, g)],
  gelu: (g, [x]) => [() => mul(g, pointwise('geluSlope', [x!]))],
  /** d/dx (Phi(x) + x phi(x)) = (2 - x^2) phi(x). */
  geluSlope: (g, [x]) => [
    () =>
      mul(g, mul(shift(neg(square(x!)), 2), scale(exp(scale(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI)))),
  ],
  /** s + x s (1 - s) with s = sigmoid(x). */
  silu: (g, [x], out) => [
    () => {
      const s = sigmoid(x!);
      return mul(g, add(s, mul(out, shift(neg(s), 1))));
    },
  ],
  /** x / 3 + 1/2 between -3 and 3; a NaN passes g on. */
  hardswish: (g, [x]) => [
    () => {
      const between = mul(g, shift(scale(x!, 1 / 3), 0.5));
      return where(greaterEqual(-3, x!), 0, where(greater(3, x!), between, g));
    },
  ],
  add: (g) => [() => g, () => g],
  sub: (g) => [() => g, () => neg(g)],
  mul: (g, [a, b]) => [() => mul(g, b!), () => mul(g, a!)],
  div: (g, [, b], out) => [() => div(g, b!), () => neg(div(mul(g, out), b!))],
  pow: (g, [a, b], out) => [
    () => where(equal(b!, 0), 0, mul(g, mul(b!, pow(a!, shift(b!, -1))))),
    () => where(mul(equal(a!, 0), greaterEqual(b!, 0)), 0, mul(g, mul(out, log(a!)))),
  ],
  remainder: (g, [a, b]) => [() => g, () => neg(mul(g, floorDiv(a!, b!)))],
  fmod: (g, [a, b]) => [() => g, () => neg(mul(g, truncDiv(a!, b!)))],
  /** Where a and b are equal each gets half, as in PyTorch. */
  maximum: (g, [a, b]) => [() => share(g, a!, b!), () => share(g, b!, a!)],
  minimum: (g, [a, b]) => [() => share(g, neg(a!), neg(b!)), () => share(g, neg(b!), neg(a!))],
  where: (g, [c]) => [null, () => where(c!, g, 0), () => where(c!, 0, g)],
  scale: (g, _, __, [factor]) => [() => scale(g, factor!)],
  shift: (g) => [() => g],
  /** With u = factor variance + eps: 1 / sqrt(u), and -factor d / (2 u sqrt(u)) = -factor out / (2 u). */
  perDeviation: (g, [, variance], out, [factor, eps]) => [
    () => perDeviation(g, variance!, { factor: factor!, eps: eps! }),
    () => div(mul(g, scale(out, -0.5 * factor!)), shift(scale(variance!, factor!), eps!)),
  ],
  /** 1 at the bounds themselves, whichever of them are finite, as PyTorch had it up to 2.14 (0 since); 0 for NaN. */
  clamp: (g, [x], _, [low, high]) => [
    () => {
      const above = low === -Infinity ? null : greaterEqual(x!, low!);
      const below = high === Infinity ? null : greaterEqual(high!, x!);
      return where(above && below ? mul(above, below) : (above ?? below)!, g, 0);
    },
  ],
};

/** g where a > b or one of them is NaN, half of it where they are equal, 0 where b > a. */
const share = (g: Value, a: Value, b: Value): Value =>
  where(greater(b, a), 0, where(equal(a, b), scale(g, 0.5), g));

export const pointwiseVjps = {
  pointwise({ inputs, out, cotangent, attrs }) {
    const [step, ...more] = attrs.program.steps;
    if (!step || more.length > 0) {
      throw new Error('pointwise: differentiate before fusing; a fused program has no rule');
    }
    return SLOPES[step.fn](cotangent, inputs, out, step.params);
  },
  /** Arithmetic is f32 whatever is stored, so a cotangent is as well. */
  cast: ({ inputs: [x], out, cotangent }) => [
    () => {
      const integers = [x!, out].find(({ dtype }) => !dtype.startsWith('f'));
      if (!integers) return cotangent;
      throw new WgadError('E_CONFIG', `grad: no derivative flows through cast: ${integers.dtype} has none`, {
        where: out.scope,
        fix: 'wrap it in stopGradient, or take the gradient of something else',
      });
    },
  ],
} satisfies Partial<Vjps>;
