/** Checks of an op's operands. */
import { DtypeError, ShapeError } from '../errors.ts';
import { shapesEqual, shapeText } from '../shape.ts';
import { asValue, type Dtype, knownData, type Operand, type Value } from './value.ts';

const FLOATS: readonly Dtype[] = ['f32', 'f16'];
/** For ops whose kernels read no f16. */
export const FULL_FLOATS: readonly Dtype[] = ['f32'];

/** `operand` as a value. @throws DtypeError unless it is a float, of one of `dtypes`. */
export function floatOperand(op: string, name: string, operand: Operand, dtypes = FLOATS): Value {
  const value = asValue(operand, op);
  if (dtypes.includes(value.dtype)) return value;
  throw new DtypeError(`${op}: ${name} expects f32, got ${value.dtype}; cast it first`);
}

/** @throws ShapeError unless `value` has one of the allowed ranks. */
export function requireRank(op: string, name: string, value: Value, ...ranks: number[]): void {
  if (ranks.includes(value.shape.length)) return;
  throw new ShapeError(`${op}: ${name} expects rank ${ranks.join(' or ')}, got ${shapeText(value.shape)}`);
}

/** @throws ShapeError unless `value` has the shape of `other`, the operand called `otherName`. */
export function requireSameShape(
  op: string,
  name: string,
  value: Value,
  otherName: string,
  other: Value,
): void {
  if (shapesEqual(value.shape, other.shape)) return;
  throw new ShapeError(
    `${op}: ${name} expects ${shapeText(other.shape)} (the shape of ${otherName}), got ${shapeText(value.shape)}`,
  );
}

/**
 * @throws ShapeError where `value` is a constant with an element that is neither an integer in 0..count-1 nor `also`.
 * Values computed on the device are not checked.
 */
export function requireIndices(op: string, name: string, value: Value, count: number, also?: number): void {
  const known = knownData(value) ?? [];
  const exists = (index: number): boolean => Number.isInteger(index) && index >= 0 && index < count;
  const at = known.findIndex((index) => !exists(index) && index !== also);
  if (at < 0) return;
  throw new ShapeError(`${op}: ${name} expects 0 to ${count - 1}, got ${known[at]} at ${at}`);
}

/** The key of random numbers. @throws DtypeError unless it is u32 [4]. */
export function keyOperand(op: string, operand: Operand): Value {
  const key = asValue(operand, op);
  if (key.dtype === 'u32' && shapesEqual(key.shape, [4])) return key;
  throw new DtypeError(`${op}: key expects u32 [4], got ${key.dtype} ${shapeText(key.shape)}`);
}
