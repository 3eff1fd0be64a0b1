import { MOST_F16 } from '../float16.ts';
import * as ops from '../graph/ops/pointwise.ts';
import { perDeviation, pointwise } from '../graph/ops/pointwiseOps.ts';
import type { Value } from '../graph/value.ts';
import type { PointwiseName } from '../kernels/pointwiseTable.ts';
import type { Shape } from '../shape.ts';
import { erf, normalCdf, normalDensity, power, roundHalfEven, sigmoid } from './reference/functions.ts';
import { map1, map2, map3 } from './reference/ops.ts';
import { broadcastAt, build } from './reference/tensor64.ts';
import {
  ANY_DTYPE,
  type OpSpec,
  type Sample,
  type SampleInput,
  type SpecTable,
  samplesOf,
  shaped,
} from './spec.ts';

/** A function of one number, over all of float32 (test/kernels/wholeRange.test.ts). */
interface WholeRange {
  readonly f: (x: number) => number;
  /** Bound in units in the last place of the result, or of `magnitude` where the result is a difference. */
  readonly lastPlaces: number;
  readonly magnitude?: (x: number) => number;
}

export interface PointwiseSpec extends OpSpec {
  /** Only for functions of one number without parameters. */
  readonly wholeRange?: WholeRange;
}

/** More than one element a lane of a CPU adapter, and a rest. */
const MANY: Shape = [3, 5, 7, 11];

interface Unary extends Partial<OpSpec> {
  /** See `WholeRange`; default: rounded once. */
  readonly lastPlaces?: number;
  readonly magnitude?: (x: number) => number;
  readonly fill?: (uniform: number) => number;
  /** Others than the one that all functions have. */
  readonly shapes?: readonly Shape[];
}

function unary(run: (x: Value) => Value, f: (x: number) => number, more: Unary = {}): PointwiseSpec {
  const { lastPlaces = 0.51, magnitude, fill, shapes = [], ...rest } = more;
  const of = (shape: Shape): Sample => ({
    label: `[${shape}]`,
    inputs: [{ shape, fill }],
    run,
    reference: (x) => map1(x, f),
  });
  return {
    ulps: Math.max(4, 2 * lastPlaces),
    samples: samplesOf([MANY, ...shapes], of),
    ...rest,
    wholeRange: { f, lastPlaces, magnitude },
  };
}

/** A function with parameters: it has no `wholeRange`. */
function withParameters(
  label: string,
  run: (x: Value) => Value,
  f: (x: number) => number,
  fill?: (uniform: number) => number,
): Sample {
  return { label, inputs: [{ shape: MANY, fill }], run, reference: (x) => map1(x, f) };
}

/** Both operands stretch, by strides that merge and that do not. */
const STRETCHED: readonly [Shape, Shape] = [
  [7, 1, 31],
  [5, 1],
];
/** The ways in which operands broadcast, for one function: the same text reads the operands of all. */
const BROADCASTS: readonly (readonly [Shape, Shape])[] = [
  [[1], [1]],
  [[5], []],
  [
    [2, 3, 5],
    [2, 3, 5],
  ],
  [
    [2, 17, 3, 3],
    [1, 17, 1, 1],
  ],
];

function binary(
  run: (a: Value, b: Value) => Value,
  f: (a: number, b: number) => number,
  more: Partial<OpSpec> & { fillB?: SampleInput['fill']; broadcasts?: typeof BROADCASTS } = {},
): PointwiseSpec {
  const { fillB, broadcasts = [], ...rest } = more;
  const of = ([a, b]: readonly [Shape, Shape]): Sample => ({
    label: `[${a}] and [${b}]`,
    inputs: [{ shape: a }, { shape: b, fill: fillB }],
    run,
    reference: (x, y) => map2(x, y, f),
  });
  return { ...rest, samples: [of(STRETCHED), ...broadcasts.map(of)] };
}

/** Within `span` of 0, and no kink nearer than differences reach. */
const away =
  (kinks: readonly number[], span = 4) =>
  (uniform: number): number => {
    const x = (uniform * 2 - 1) * span;
    return kinks.some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.02 : x;
  };
const positive = (uniform: number): number => 0.25 + 3.75 * uniform;
const inside = (uniform: number): number => 1.9 * uniform - 0.95;
const whole = (uniform: number): number => Math.floor(7 * uniform) - 3;
const sparse = (uniform: number): number => Math.round(uniform);

const apartFromZero = (uniform: number): number => (uniform < 0.5 ? -0.3 - uniform * 3 : uniform * 3 - 1.2);
/** With the sign of b. */
const floorRest = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};
/** PyTorch's, which takes infinite ones as they come. */
const floorQuotient = (a: number, b: number): number => {
  if (b === 0) return a / b;
  const rest = a % b;
  return Math.round((a - rest) / b - Number(rest !== 0 && rest < 0 !== b < 0));
};

/** Of zeros and ones; NaN is true. */
const logical = (
  run: (a: Value, b: Value) => Value,
  f: (a: boolean, b: boolean) => boolean,
): PointwiseSpec => ({
  ulps: 0,
  differentiable: false,
  dtypes: ANY_DTYPE,
  samples: [
    {
      label: 'of zeros and ones',
      inputs: [
        { shape: [7, 1, 31], fill: sparse },
        { shape: [5, 1], fill: sparse },
      ],
      run,
      reference: (x, y) => map2(x, y, (a, b) => Number(f(a !== 0, b !== 0))),
    },
  ],
});

/** Every function of the table of kernels has one: a function without does not compile. */
export const pointwiseSpecs = {
  constant: {
    ulps: 0,
    samples: [
      withParameters(
        'as an operand',
        (x) => ops.maximum(x, 0.75),
        (x) => Math.max(x, 0.75),
        away([0.75]),
      ),
    ],
  },
  identity: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    wholeRange: { f: (x) => x, lastPlaces: 0 },
    samples: [
      {
        label: '[3, 1] to [2, 3, 4]',
        inputs: shaped([3, 1]),
        run: (x) => ops.broadcastTo(x, [2, 3, 4]),
        reference: (x) => build([2, 3, 4], (i) => broadcastAt(x, i)),
      },
    ],
  },
  neg: unary(ops.neg, (x) => -x, { shapes: [[1]], dtypes: ANY_DTYPE }),
  abs: unary(ops.abs, Math.abs, { fill: away([0]), dtypes: ANY_DTYPE }),
  /** 0 of NaN, as in PyTorch. */
  sign: unary(ops.sign, (x) => Math.sign(x) || 0, { fill: away([0]), dtypes: ANY_DTYPE }),
  square: unary(ops.square, (x) => x * x, { dtypes: ANY_DTYPE }),
  exp: unary(ops.exp, Math.exp, { lastPlaces: 2 }),
  log: unary(ops.log, Math.log, { fill: positive, lastPlaces: 2 }),
  sqrt: unary(ops.sqrt, Math.sqrt, { fill: positive, lastPlaces: 2 }),
  rsqrt: unary(ops.rsqrt, (x) => 1 / Math.sqrt(x), { fill: positive, lastPlaces: 2 }),
  reciprocal: unary(ops.reciprocal, (x) => 1 / x, { fill: positive, lastPlaces: 2.5 }),
  expm1: unary(ops.expm1, Math.expm1, { lastPlaces: 2 }),
  log1p: unary(ops.log1p, Math.log1p, { fill: positive, lastPlaces: 4 }),
  erf: unary(ops.erf, erf, { lastPlaces: 4 }),
  sin: unary(ops.sin, Math.sin, { lastPlaces: 3 }),
  cos: unary(ops.cos, Math.cos, { lastPlaces: 3 }),
  tan: unary(ops.tan, Math.tan, { fill: (uniform) => 2.4 * uniform - 1.2, lastPlaces: 5 }),
  asin: unary(ops.asin, Math.asin, { fill: inside, lastPlaces: 4 }),
  acos: unary(ops.acos, Math.acos, { fill: inside, lastPlaces: 4 }),
  atan: unary(ops.atan, Math.atan, { lastPlaces: 3 }),
  sinh: unary(ops.sinh, Math.sinh, { lastPlaces: 5 }),
  cosh: unary(ops.cosh, Math.cosh, { lastPlaces: 6 }),
  asinh: unary(ops.asinh, Math.asinh, { lastPlaces: 5 }),
  acosh: unary(ops.acosh, Math.acosh, { fill: (uniform) => 1.25 + 3 * uniform, lastPlaces: 5 }),
  atanh: unary(ops.atanh, Math.atanh, { fill: inside, lastPlaces: 5 }),
  floor: unary(ops.floor, Math.floor, { differentiable: false }),
  ceil: unary(ops.ceil, Math.ceil, { differentiable: false }),
  round: unary(ops.round, roundHalfEven, { differentiable: false }),
  trunc: unary(ops.trunc, Math.trunc, { differentiable: false }),
  isNan: unary(ops.isNan, (x) => Number(Number.isNaN(x)), { differentiable: false }),
  sigmoid: unary(ops.sigmoid, sigmoid, { lastPlaces: 4 }),
  tanh: unary(ops.tanh, Math.tanh, { lastPlaces: 3 }),
  relu: unary(ops.relu, (x) => Math.max(0, x), { fill: away([0]) }),
  relu6: unary(ops.relu6, (x) => Math.min(6, Math.max(0, x)), { fill: away([0, 6], 8) }),
  gelu: unary(ops.gelu, (x) => x * normalCdf(x), { lastPlaces: 8 }),
  geluSlope: unary(
    (x) => pointwise('geluSlope', [x]),
    (x) => normalCdf(x) + x * normalDensity(x),
    {
      lastPlaces: 8,
      magnitude: (x) => normalCdf(x) + Math.abs(x) * normalDensity(x),
    },
  ),
  silu: unary(ops.silu, (x) => x * sigmoid(x), { lastPlaces: 6 }),
  hardswish: unary(ops.hardswish, (x) => x * (Math.min(6, Math.max(0, x + 3)) / 6), {
    fill: away([-3, 3]),
    lastPlaces: 4,
  }),
  add: binary(ops.add, (a, b) => a + b, { dtypes: ANY_DTYPE }),
  /** Its operands cannot be exchanged: it tries every way of broadcasting. */
  sub: binary(ops.sub, (a, b) => a - b, { broadcasts: BROADCASTS, dtypes: ANY_DTYPE }),
  mul: binary(ops.mul, (a, b) => a * b, { dtypes: ANY_DTYPE }),
  div: binary(ops.div, (a, b) => a / b, { fillB: positive, ulps: 16 }),
  floorDiv: binary(ops.floorDiv, floorQuotient, {
    fillB: positive,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  truncDiv: binary(ops.truncDiv, (a, b) => Math.trunc(a / b), {
    fillB: positive,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  remainder: binary(ops.remainder, (a, b) => floorRest(a, b), {
    fillB: apartFromZero,
    dtypes: ANY_DTYPE,
  }),
  fmod: binary(ops.fmod, (a, b) => a % b, { fillB: apartFromZero, ulps: 0, dtypes: ANY_DTYPE }),
  pow: {
    ulps: 8,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'of positive numbers',
        inputs: [{ shape: [7, 1, 31], fill: positive }, { shape: [5, 1] }],
        run: ops.pow,
        reference: (a, b) => map2(a, b, power),
      },
      {
        label: 'of numbers of both signs, to whole powers',
        inputs: [{ shape: [101] }, { shape: [101], fill: whole, differentiable: false }],
        run: ops.pow,
        reference: (a, b) => map2(a, b, power),
      },
    ],
  },
  maximum: binary(ops.maximum, Math.max, { ulps: 0, dtypes: ANY_DTYPE }),
  minimum: binary(ops.minimum, Math.min, { ulps: 0, dtypes: ANY_DTYPE }),
  greater: binary(ops.greater, (a, b) => Number(a > b), {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  greaterEqual: binary(ops.greaterEqual, (a, b) => Number(a >= b), {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  less: binary(ops.less, (a, b) => Number(a < b), { ulps: 0, differentiable: false, dtypes: ANY_DTYPE }),
  lessEqual: binary(ops.lessEqual, (a, b) => Number(a <= b), {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  logicalAnd: logical(ops.logicalAnd, (a, b) => a && b),
  logicalOr: logical(ops.logicalOr, (a, b) => a || b),
  logicalXor: logical(ops.logicalXor, (a, b) => a !== b),
  logicalNot: unary(ops.logicalNot, (x) => Number(x === 0), {
    fill: sparse,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  equal: binary(ops.equal, (a, b) => Number(a === b), { ulps: 0, differentiable: false, dtypes: ANY_DTYPE }),
  notEqual: binary(ops.notEqual, (a, b) => Number(a !== b), {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
  }),
  where: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'a condition that stretches',
        inputs: [{ shape: [3, 1], fill: sparse, differentiable: false }, { shape: [3, 5] }, { shape: [5] }],
        run: ops.where,
        reference: (c, a, b) => map3(c, a, b, (chosen, x, y) => (chosen !== 0 ? x : y)),
      },
    ],
  },
  scale: {
    samples: [
      withParameters(
        'by -1.7',
        (x) => ops.scale(x, -1.7),
        (x) => x * Math.fround(-1.7),
      ),
    ],
  },
  shift: {
    samples: [
      withParameters(
        'by 0.3',
        (x) => ops.shift(x, 0.3),
        (x) => x + Math.fround(0.3),
      ),
    ],
  },
  perDeviation: {
    ulps: 16,
    samples: [
      {
        label: 'a variance per channel',
        inputs: [{ shape: [2, 5, 3, 4] }, { shape: [1, 5, 1, 1], fill: positive }],
        run: (d, variance) => perDeviation(d, variance, { factor: 0.75, eps: 1e-3 }),
        reference: (d, variance) => map2(d, variance, (x, v) => x / Math.sqrt(0.75 * v + 1e-3)),
      },
    ],
  },
  clamp: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      withParameters(
        'to [-1, 0.5]',
        (x) => ops.clamp(x, -1, 0.5),
        (x) => Math.min(0.5, Math.max(-1, x)),
        away([-1, 0.5]),
      ),
      withParameters(
        'from -1',
        (x) => ops.clamp(x, -1, Number.POSITIVE_INFINITY),
        (x) => Math.max(-1, x),
        away([-1]),
      ),
      withParameters(
        'up to 0.5',
        (x) => ops.clamp(x, Number.NEGATIVE_INFINITY, 0.5),
        (x) => Math.min(0.5, x),
        away([0.5]),
      ),
    ],
  },
} as const satisfies Record<PointwiseName, PointwiseSpec>;

export const castSpecs = {
  cast: {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'through i32',
        inputs: [{ shape: [1009], fill: (uniform) => (uniform - 0.5) * 200 }],
        run: (x) => ops.cast(ops.cast(x, 'i32'), 'f32'),
        /** Towards zero, saturating; NaN to 0. */
        reference: (x) =>
          map1(x, (v) => Math.fround(Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.trunc(v) || 0)))),
      },
    ],
  },
  castHalf: {
    ulps: 0,
    // Not every adapter has f16.
    doctor: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'of eleven bits',
        inputs: [{ shape: [17], fill: (uniform) => Math.round(uniform * 2000 - 1000) }],
        run: (x) => ops.cast(ops.cast(x, 'f16'), 'f32'),
        reference: (x) =>
          map1(x, (v) => {
            if (Math.abs(v) >= MOST_F16 + 16) return Math.sign(v) * Number.POSITIVE_INFINITY;
            return Math.abs(v) < 2 ** -25 ? 0 : v;
          }),
      },
    ],
  },
} as const satisfies SpecTable;
