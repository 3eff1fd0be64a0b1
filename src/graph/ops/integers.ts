import { DtypeError, gotText } from '../../errors.ts';
import { INTEGERS, type IntegerName } from '../../kernels/integers.ts';
import { refuseExtra } from '../../options.ts';
import { broadcastShapes, type Shape } from '../../shape.ts';
import { asValue, constant, type Dtype, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const integerOps = {
  /** A function of integers of one type, which broadcast (NumPy rules) to the result's shape. */
  integers: {
    attrs: attributes<{ readonly fn: IntegerName; readonly params: readonly number[] }>(),
    readsHalf: true,
    nonDifferentiable: 'integers have no derivative',
  },
} as const satisfies OpTable;

export const isInteger = ({ dtype }: Value): boolean => dtype === 'i32' || dtype === 'u32';

/** The value of an integer operand; undefined for anything else. */
export function integerOf(operand: Operand, op: string): Value | undefined {
  if (typeof operand === 'number') return undefined;
  const value = asValue(operand, op);
  return isInteger(value) ? value : undefined;
}

/** Whether `fn` is a function of integers too. */
export const takesIntegers = (fn: string): fn is IntegerName => Object.hasOwn(INTEGERS, fn);

/**
 * One function applied to integers of one type; numbers are of that type too. The first operand of `where`, its condition, may
 * be of any. @param dtype of the operands.
 */
export function integers(
  fn: IntegerName,
  operands: readonly Operand[],
  dtype: Dtype,
  params: readonly number[] = [],
): Value {
  const inputs = operands.map((operand, i) =>
    fn === 'where' && i === 0 ? asValue(operand, fn) : wholeOperand(fn, i, operand, dtype),
  );
  const shape = inputs.reduce<Shape>((soFar, value) => broadcastShapes(fn, soFar, value.shape), []);
  return makeValue('integers', inputs, { fn, params }, shape, 'flag' in INTEGERS[fn] ? 'f32' : dtype);
}

function wholeOperand(fn: string, i: number, operand: Operand, dtype: Dtype): Value {
  if (typeof operand === 'number') {
    if (Number.isInteger(operand)) return constant([operand], [], dtype);
    throw new DtypeError(
      `${fn}: argument ${i} expects a whole number beside ${dtype}, got ${gotText(operand)}`,
    );
  }
  const value = asValue(operand, fn);
  if (value.dtype === dtype) return value;
  throw new DtypeError(
    `${fn}: argument ${i} expects ${dtype} as the others, got ${value.dtype}; cast it first`,
  );
}

const unary =
  (fn: IntegerName) =>
  (x: Operand, ...extra: never[]): Value => {
    refuseExtra(fn, extra);
    return ofIntegers(fn, [x]);
  };
const binary =
  (fn: IntegerName) =>
  (a: Operand, b: Operand, ...extra: never[]): Value => {
    refuseExtra(fn, extra);
    return ofIntegers(fn, [a, b]);
  };

function ofIntegers(fn: IntegerName, operands: readonly Operand[]): Value {
  const found = operands.map((operand) => integerOf(operand, fn)).find((value) => value !== undefined);
  if (found) return integers(fn, operands, found.dtype);
  throw new DtypeError(`${fn}: expects i32 or u32, got ${operands.map(typeText).join(' and ')}`);
}

const typeText = (operand: Operand): string =>
  typeof operand === 'number' ? gotText(operand) : asValue(operand, '').dtype;

/** Bits that a and b both have. Here and below: i32 or u32, which broadcast; numbers are operands too. */
export const bitwiseAnd = binary('bitwiseAnd');
/** Bits that a or b has. */
export const bitwiseOr = binary('bitwiseOr');
/** Bits in which a and b differ. */
export const bitwiseXor = binary('bitwiseXor');
/** All bits of x inverted. */
export const bitwiseNot = unary('bitwiseNot');
/** a moved up by b bits: a 2^b, wrapping around; 0 from 32 bits on. */
export const shiftLeft = binary('shiftLeft');
/** a moved down by b bits, i32 with its sign: floor(a / 2^b). */
export const shiftRight = binary('shiftRight');
