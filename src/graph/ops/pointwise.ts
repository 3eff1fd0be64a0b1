/** Functions of one element each, and what goes with them. `src/index.ts` exports all of this file. */
import { gotText, ShapeError } from '../../errors.ts';
import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import { IDENTITY } from '../../kernels/program.ts';
import { refuseExtra } from '../../options.ts';
import { broadcastShapes, requireShape, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import {
  asValue,
  type Dtype,
  INTEGER_RANGE,
  makeValue,
  type Operand,
  requireDtype,
  type Value,
} from '../value.ts';
import { integerOf, integers, isInteger } from './integers.ts';
import { pointwise } from './pointwiseOps.ts';

const unary =
  (fn: PointwiseName) =>
  (x: Operand, ...extra: never[]): Value => {
    refuseExtra(fn, extra);
    return pointwise(fn, [x]);
  };
const binary =
  (fn: PointwiseName) =>
  (a: Operand, b: Operand, ...extra: never[]): Value => {
    refuseExtra(fn, extra);
    return pointwise(fn, [a, b]);
  };

/**
 * a + b. Here and below operands broadcast by NumPy's rules, and numbers are operands too. f32 or f16 in, f32 out; sums,
 * products, comparisons and what else means something there take integers of one type (i32 or u32) and wrap around at 2^32.
 */
export const add = binary('add');
/** a - b. */
export const sub = binary('sub');
/** a b, element by element. */
export const mul = binary('mul');
/** a / b. */
export const div = binary('div');
/**
 * a^b, to 4 ulp. As in PyTorch 1 where b is 0 or a is 1, and of a negative a NaN unless b is whole. At b = 0 the derivative
 * of a is 0, at a = 0 and b >= 0 that of b.
 */
export const pow = binary('pow');
/** The larger of a and b, NaN where either is; equal ones share the derivative; `max` reduces. */
export const maximum = binary('maximum');
/** The smaller of a and b, NaN where either is; equal ones share the derivative; `min` reduces. */
export const minimum = binary('minimum');
/** 1 where a > b, else 0 (NaN is neither larger nor equal); like `greaterEqual` and `equal` without a derivative of its own. */
export const greater = binary('greater');
/** 1 where a >= b, else 0. */
export const greaterEqual = binary('greaterEqual');
/** 1 where a < b, else 0. */
export const less = binary('less');
/** 1 where a <= b, else 0. */
export const lessEqual = binary('lessEqual');
/** 1 where neither a nor b is 0, else 0; here and below NaN counts as true. */
export const logicalAnd = binary('logicalAnd');
/** 1 where a or b is not 0, else 0. */
export const logicalOr = binary('logicalOr');
/** 1 where one of a and b is 0 and the other is not, else 0. */
export const logicalXor = binary('logicalXor');
/** 1 where x is 0, else 0. */
export const logicalNot = unary('logicalNot');
/** 1 where a = b, else 0. */
export const equal = binary('equal');
/** 1 where a and b differ (NaN differs from everything), else 0. */
export const notEqual = binary('notEqual');
/** 1 where x is NaN, else 0. */
export const isNan = unary('isNan');
/** -x. */
export const neg = unary('neg');
/** |x|; its derivative at 0 is 0. */
export const abs = unary('abs');
/** -1, 0 or 1; 0 of NaN, as in PyTorch. Its derivative is 0. */
export const sign = unary('sign');
/** x^2. */
export const square = unary('square');
/** e^x, to 2 ulp (units in the last place) for every float32; so are the logarithm and the roots. */
export const exp = unary('exp');
/** Natural logarithm; -infinity at 0, NaN below. */
export const log = unary('log');
/** e^x - 1, to 2 ulp, next to 0 too. */
export const expm1 = unary('expm1');
/** ln(1 + x), to 4 ulp, next to 0 too; -infinity at -1, NaN below. */
export const log1p = unary('log1p');
/** The error function, to 4 ulp. */
export const erf = unary('erf');
/** Sine of an angle in radians, to 3 ulp for every float32, however large. */
export const sin = unary('sin');
/** Cosine of an angle in radians, to 3 ulp. */
export const cos = unary('cos');
/** Tangent of an angle in radians, to 5 ulp. */
export const tan = unary('tan');
/** Angle in [-pi/2, pi/2] whose sine is x, to 4 ulp; NaN beyond -1 and 1. */
export const asin = unary('asin');
/** Angle in [0, pi] whose cosine is x, to 4 ulp; NaN beyond -1 and 1. */
export const acos = unary('acos');
/** Angle in [-pi/2, pi/2] whose tangent is x, to 3 ulp. */
export const atan = unary('atan');
/** Hyperbolic sine, to 5 ulp. */
export const sinh = unary('sinh');
/** Hyperbolic cosine, to 6 ulp. */
export const cosh = unary('cosh');
/** Inverse of `sinh`, to 5 ulp. */
export const asinh = unary('asinh');
/** Inverse of `cosh`, not negative, to 5 ulp; NaN below 1. */
export const acosh = unary('acosh');
/** Inverse of `tanh`, to 5 ulp; infinite at -1 and 1, NaN beyond. */
export const atanh = unary('atanh');
/** The quotient a / b rounded down, as Python's `//`; of integers 0 where b is 0. Its derivative is 0, as that of `truncDiv`. */
export const floorDiv = binary('floorDiv');
/** The quotient a / b rounded towards 0; of integers 0 where b is 0. */
export const truncDiv = binary('truncDiv');
/** What a leaves when divided by b, with the sign of b, as Python's `%`: a - b floorDiv(a, b), exact; of integers 0 where b is 0. */
export const remainder = binary('remainder');
/** What a leaves when divided by b, with the sign of a, as C's: a - b truncDiv(a, b), exact; of integers 0 where b is 0. */
export const fmod = binary('fmod');
/** Square root; NaN below 0. */
export const sqrt = unary('sqrt');
/** 1 / sqrt(x). */
export const rsqrt = unary('rsqrt');
/** 1 / x. */
export const reciprocal = unary('reciprocal');
/** The next whole number below or at x. Its derivative is 0, as those of `ceil`, `round` and `trunc`. */
export const floor = unary('floor');
/** The next whole number above or at x. */
export const ceil = unary('ceil');
/** The nearest whole number; halves go to the even one, as in PyTorch. */
export const round = unary('round');
/** x without its fraction. */
export const trunc = unary('trunc');
/** max(x, 0); its derivative at 0 is 0. */
export const relu = unary('relu');
/** min(max(x, 0), 6); its derivative at 0 and 6 is 0. */
export const relu6 = unary('relu6');
/** x Phi(x), the exact form (PyTorch's default), not that with tanh; to 8 ulp, also where Phi is tiny. */
export const gelu = unary('gelu');
/** x sigmoid(x), to 6 ulp. */
export const silu = unary('silu');
/** x min(max(x + 3, 0), 6) / 6; NaN at -infinity, its derivative 0 up to -3 and 1 from 3 on, as in PyTorch. */
export const hardswish = unary('hardswish');
/** 1 / (1 + e^-x), to 4 ulp. */
export const sigmoid = unary('sigmoid');
/** Hyperbolic tangent, to 3 ulp. */
export const tanh = unary('tanh');
/** `a` where `condition` is not 0 (NaN is not), else `b`; all three broadcast. */
export const where = (condition: Operand, a: Operand, b: Operand, ...extra: never[]): Value => {
  refuseExtra('where', extra);
  return pointwise('where', [condition, a, b]);
};
/** x * factor, the factor a number known now. */
export const scale = (x: Operand, factor: number, ...extra: never[]): Value => {
  refuseExtra('scale', extra);
  return pointwise('scale', [x], [factor]);
};
/** x + offset, the offset a number known now. */
export const shift = (x: Operand, offset: number, ...extra: never[]): Value => {
  refuseExtra('shift', extra);
  return pointwise('shift', [x], [offset]);
};
/** x limited to [low, high]; either may be infinite. Its derivative at the bounds is 1, as in PyTorch up to 2.14. */
export const clamp = (x: Operand, low: number, high: number, ...extra: never[]): Value => {
  refuseExtra('clamp', extra);
  if (!(low <= high)) {
    throw new ShapeError(`clamp: low expects at most high, got ${gotText(low)} and ${gotText(high)}`);
  }
  if (low === -Infinity && high === Infinity) return asValue(x, 'clamp');
  const whole = integerOf(x, 'clamp');
  return whole ? clampIntegers(whole, low, high) : pointwise('clamp', [x], [low, high]);
};

/** Bounds beyond the type do nothing, fractions do not count. */
function clampIntegers(x: Value, low: number, high: number): Value {
  const [least, most] = INTEGER_RANGE[x.dtype as 'i32' | 'u32'];
  const inside = (bound: number): number => Math.min(most, Math.max(least, bound));
  return integers('clamp', [x], x.dtype, [inside(Math.ceil(low)), inside(Math.floor(high))]);
}

/** `x` stretched to `shape` (NumPy rules). */
export function broadcastTo(x: Operand, shape: Shape, ...extra: never[]): Value {
  refuseExtra('broadcastTo', extra);
  const value = asValue(x, 'broadcastTo');
  requireShape('broadcastTo', shape);
  if (shapesEqual(value.shape, shape)) return value;
  const joint = broadcastShapes('broadcastTo', value.shape, shape);
  if (!shapesEqual(joint, shape)) {
    throw new ShapeError(`broadcastTo: ${shapeText(value.shape)} does not stretch to ${shapeText(shape)}`);
  }
  if (isInteger(value))
    return makeValue('integers', [value], { fn: 'identity', params: [] }, shape, value.dtype);
  return makeValue('pointwise', [value], { program: IDENTITY }, shape);
}

/**
 * x as another element type. Floats become integers by truncation towards zero; what lies beyond the type becomes its
 * nearest number, NaN 0. To f16 what lies beyond 65504 becomes infinite.
 */
export function cast(x: Operand, dtype: Dtype, ...extra: never[]): Value {
  refuseExtra('cast', extra);
  const value = asValue(x, 'cast');
  requireDtype('cast', dtype);
  return value.dtype === dtype ? value : makeValue('cast', [value], {}, value.shape, dtype);
}
