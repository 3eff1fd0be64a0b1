import { gotText, ShapeError } from '../../errors.ts';
import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import type { Program } from '../../kernels/program.ts';
import { refuseExtra } from '../../options.ts';
import { broadcastShapes, product, requireShape, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { requireAnyNumber } from '../arguments.ts';
import {
  asValue,
  type Dtype,
  makeValue,
  type Operand,
  requireDtype,
  requireFloat,
  type Value,
} from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const pointwiseOps = {
  /** Inputs broadcast (NumPy rules) to the result's shape. */
  pointwise: { attrs: attributes<{ readonly program: Program }>(), pointwise: true, storesHalf: true },
  /** Another element type, same shape. Floats to integers truncate towards zero and saturate; derivatives flow between floats. */
  cast: { readsHalf: true },
} as const satisfies OpTable;

/** One pointwise function applied to broadcast operands. */
export function pointwise(
  fn: PointwiseName,
  operands: readonly Operand[],
  params: readonly number[] = [],
): Value {
  const inputs = operands.map((operand) => asValue(operand, fn));
  for (const param of params) requireAnyNumber(fn, param);
  requireFloat(fn, Object.fromEntries(inputs.map((value, i) => [`argument ${i}`, value])));
  const shape = inputs.reduce<Shape>((soFar, value) => broadcastShapes(fn, soFar, value.shape), []);
  const step = { fn, args: inputs.map((_, i) => i), params };
  return makeValue('pointwise', inputs, { program: { inputs: inputs.length, steps: [step] } }, shape);
}

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

/** a + b. Here and below operands broadcast by NumPy's rules, and numbers are operands too. f32 or f16 in, f32 out. */
export const add = binary('add');
/** a - b. */
export const sub = binary('sub');
/** a b, element by element. */
export const mul = binary('mul');
/** a / b. */
export const div = binary('div');
/** The larger of a and b, NaN where either is; equal ones share the derivative; `max` reduces. */
export const maximum = binary('maximum');
/** The smaller of a and b, NaN where either is; equal ones share the derivative; `min` reduces. */
export const minimum = binary('minimum');
/** 1 where a > b, else 0 (NaN is neither larger nor equal); like `greaterEqual` and `equal` without a derivative of its own. */
export const greater = binary('greater');
/** 1 where a >= b, else 0. */
export const greaterEqual = binary('greaterEqual');
/** 1 where a = b, else 0. */
export const equal = binary('equal');
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
/** Square root; NaN below 0. */
export const sqrt = unary('sqrt');
/** 1 / sqrt(x). */
export const rsqrt = unary('rsqrt');
/** 1 / x. */
export const reciprocal = unary('reciprocal');
/** max(x, 0); its derivative at 0 is 0. */
export const relu = unary('relu');
/** min(max(x, 0), 6); its derivative at 0 and 6 is 0. */
export const relu6 = unary('relu6');
/** x Phi(x), the exact form (PyTorch's default), not that with tanh; to 8 ulp, also where Phi is tiny. */
export const gelu = unary('gelu');
export const geluSlope = unary('geluSlope');
/** x sigmoid(x), to 6 ulp. */
export const silu = unary('silu');
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
/**
 * d / sqrt(factor variance + eps). One function, so that a variance per channel costs no dispatch of its own on its way
 * into a batch norm's result.
 */
export const perDeviation = (
  d: Operand,
  variance: Operand,
  { factor, eps }: { factor: number; eps: number },
): Value => pointwise('perDeviation', [d, variance], [factor, eps]);
/** x limited to [low, high]; either may be infinite. Its derivative at the bounds is 1, as in PyTorch up to 2.14. */
export const clamp = (x: Operand, low: number, high: number, ...extra: never[]): Value => {
  refuseExtra('clamp', extra);
  if (!(low <= high)) {
    throw new ShapeError(`clamp: low expects at most high, got ${gotText(low)} and ${gotText(high)}`);
  }
  return low === -Infinity && high === Infinity ? asValue(x, 'clamp') : pointwise('clamp', [x], [low, high]);
};

/** `x` stretched to `shape` (NumPy rules). */
export function broadcastTo(x: Operand, shape: Shape, ...extra: never[]): Value {
  refuseExtra('broadcastTo', extra);
  const value = asValue(x, 'broadcastTo');
  requireFloat('broadcastTo', { x: value });
  requireShape('broadcastTo', shape);
  if (shapesEqual(value.shape, shape)) return value;
  const joint = broadcastShapes('broadcastTo', value.shape, shape);
  if (!shapesEqual(joint, shape)) {
    throw new ShapeError(`broadcastTo: ${shapeText(value.shape)} does not stretch to ${shapeText(shape)}`);
  }
  const step = { fn: 'identity' as const, args: [0], params: [] };
  return makeValue('pointwise', [value], { program: { inputs: 1, steps: [step] } }, shape);
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

export const zerosLike = (x: Value): Value => broadcastTo(0, x.shape);
export const onesLike = (x: Value): Value => broadcastTo(1, x.shape);
export const sizeOf = (x: Value): number => product(x.shape);
