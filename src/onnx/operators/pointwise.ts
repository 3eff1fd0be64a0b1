/** Operators of single elements, whose operands broadcast. */
import {
  abs,
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterEqual,
  isNan,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  round,
  scale,
  sign,
  sin,
  sinh,
  sqrt,
  sub,
  tan,
  tanh,
  trunc,
  where,
} from '../../graph/ops/pointwise.ts';
import type { Value } from '../../graph/value.ts';
import { broadcastShapes } from '../../shape.ts';
import { type ElementFunction, elementwise } from '../broadcast.ts';
import { broadcastPlace, elementKernel } from '../elementKernel.ts';
import { dtypeOf, factsOf, isFloat, isInteger, roundHalfEven } from '../elementType.ts';
import type { NodeCall, Operator, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';

/** Same type in and out. */
const sameType = (fn: ElementFunction): Operator => ({
  attributes: [],
  run: (call) => elementwise(fn, call.terms(), call.term(0).type),
});

/** A truth of numbers. */
const truth = (fn: ElementFunction): Operator => ({
  attributes: [],
  run: (call) => elementwise(fn, call.terms(), 'bool'),
});

const floats = (float: (x: Value) => Value, host: (x: number) => number): Operator =>
  sameType({ host, float });

/** Any number of operands, joined in order. */
function joined(fn: ElementFunction): Operator {
  return {
    attributes: [],
    run: (call) => call.terms().reduce((soFar, term) => elementwise(fn, [soFar, term], term.type)),
  };
}

const ADD: ElementFunction = {
  host: (a, b) => a! + b!,
  float: (a, b) => add(a!, b!),
  integer: ([a, b]) => `${a} + ${b}`,
};
const MUL: ElementFunction = {
  host: (a, b) => a! * b!,
  float: (a, b) => mul(a!, b!),
  integer: ([a, b]) => `${a} * ${b}`,
};
const SUB: ElementFunction = {
  host: (a, b) => a! - b!,
  float: (a, b) => sub(a!, b!),
  integer: ([a, b]) => `${a} - ${b}`,
};
/** Integers divide towards zero; a division by 0 gives what the device gives. */
const DIV: ElementFunction = {
  host: (a, b) => a! / b!,
  float: (a, b) => div(a!, b!),
  integer: ([a, b]) => `${a} / ${b}`,
};
export const MAX: ElementFunction = {
  host: (a, b) => Math.max(a!, b!),
  float: (a, b) => maximum(a!, b!),
  integer: ([a, b]) => `max(${a}, ${b})`,
};
const MIN: ElementFunction = {
  host: (a, b) => Math.min(a!, b!),
  float: (a, b) => minimum(a!, b!),
  integer: ([a, b]) => `min(${a}, ${b})`,
};

const floorMod = (a: number, b: number): number => a - b * Math.floor(a / b);

function mod(call: NodeCall): Term {
  const [a, b] = [call.term(0), call.term(1)];
  const towardsZero = call.flag('fmod', false);
  if (isFloat(a.type)) {
    // The quotient is rounded, so that one divisor too much or too little may be left.
    const float = (x: Value, y: Value): Value => {
      const raw = sub(x, mul(y, trunc(div(x, y))));
      const size = mul(sign(x), abs(y));
      const least = where(less(mul(raw, sign(x)), 0), add(raw, size), raw);
      const rest = where(greaterEqual(abs(least), abs(y)), sub(least, size), least);
      const finite = where(equal(abs(y), Number.POSITIVE_INFINITY), x, rest);
      if (towardsZero) return finite;
      return where(less(mul(finite, sign(y)), 0), add(finite, y), finite);
    };
    const host = (x: number, y: number): number => {
      const rest = x % y;
      return !towardsZero && rest * y < 0 ? rest + y : rest;
    };
    return elementwise({ host: (x, y) => host(x!, y!), float: (x, y) => float(x!, y!) }, [a, b], a.type);
  }
  return elementwise(
    {
      host: towardsZero ? (x, y) => x! % y! : (x, y) => floorMod(x!, y!),
      integer: ([x, y], signed) =>
        towardsZero || !signed
          ? `${x} % ${y}`
          : `(${x} % ${y} + select(0, ${y}, (${x} % ${y} != 0) & ((${x} % ${y} < 0) != (${y} < 0))))`,
    },
    [a, b],
    a.type,
  );
}

function power(call: NodeCall): Term {
  const [base, exponent] = [call.term(0), call.term(1)];
  const { type } = base;
  if (base.known && exponent.known) return elementwise({ host: (a, b) => a! ** b! }, [base, exponent], type);
  const asFloat = (term: Term): Value => convert(term, 'float').value;
  const out = pow(asFloat(base), asFloat(exponent));
  // An integer power is whole but for its rounding.
  return convert(Term.of('float', isInteger(type) ? round(out) : out), type);
}

/** Shifts of less than 0, or of the whole width and more, leave the sign of a right shift and 0 of a left one. */
function bitShift(call: NodeCall): Term {
  const left = call.text('direction', '') === 'LEFT';
  const { type } = call.term(0);
  const { bits: width } = factsOf(type);
  return elementwise(
    {
      host(a, b) {
        const outside = b! < 0 || b! >= width;
        if (left) return outside ? 0 : a! * 2 ** b!;
        return outside ? Math.min(0, Math.sign(a!)) : Math.floor(a! / 2 ** b!);
      },
      integer: ([a, b], signed) => {
        const most = Math.min(width, 32);
        const outside = signed ? `(${b} < 0 || ${b} >= ${most})` : `${b} >= ${most}u`;
        const rest = left || !signed ? `${a} - ${a}` : `${a} >> 31u`;
        return `select(${a} ${left ? '<<' : '>>'} (u32(${b}) & 31u), ${rest}, ${outside})`;
      },
    },
    [call.term(0), call.term(1)],
    type,
  );
}

const bits = (host: (a: bigint, b: bigint) => bigint, text: string): Operator =>
  sameType({
    host: (a, b) => Number(host(BigInt(a!), BigInt(b ?? 0))),
    integer: ([a, b]) => (b === undefined ? `${text}${a}` : `${a} ${text} ${b}`),
  });

const comparison = (
  host: (a: number, b: number) => boolean,
  float: (a: Value, b: Value) => Value,
  text: string,
): Operator =>
  truth({
    host: (a, b) => (host(a!, b!) ? 1 : 0),
    float: (a, b) => float(a!, b!),
    integer: ([a, b]) => `${a} ${text} ${b}`,
  });

/** Selects between two terms of any one type. */
export function select(condition: Term, a: Term, b: Term): Term {
  const { type } = a;
  const all = [condition, a, b];
  if (all.every((term) => term.known)) {
    return elementwise({ host: (c, x, y) => (c !== 0 ? x! : y!) }, all, type);
  }
  if (!isInteger(type)) return Term.of(type, where(condition.value, a.value, b.value));
  const shape = all.reduce<readonly number[]>(
    (soFar, term) => broadcastShapes('Where', soFar, term.shape),
    [],
  );
  const [c, x, y] = all.map((term, i) => `x${i}[${broadcastPlace(term.shape, shape)}]`);
  const body = `out = select(${y}, ${x}, ${c} != 0.0);`;
  const inputs = all.map((term) => term.value);
  return Term.of(type, elementKernel({ name: 'where', inputs, shape, dtype: dtypeOf(type), body }));
}

function clip(call: NodeCall): Term {
  const x = call.term(0);
  const [low, high] = [call.optional(1), call.optional(2)];
  const above = low ? elementwise(MAX, [x, low], x.type) : x;
  return high ? elementwise(MIN, [above, high], x.type) : above;
}

const isInfinite = (call: NodeCall): Term => {
  const x = call.term(0);
  const [negative, positive] = [call.flag('detect_negative', true), call.flag('detect_positive', true)];
  const { POSITIVE_INFINITY: infinity } = Number;
  const host = (n: number): number => ((positive && n === infinity) || (negative && n === -infinity) ? 1 : 0);
  if (x.known) return elementwise({ host: (n) => host(n!) }, [x], 'bool');
  const found = [
    ...(positive ? [equal(x.value, infinity)] : []),
    ...(negative ? [equal(x.value, -infinity)] : []),
  ];
  return Term.of(
    'bool',
    found.length === 0 ? scale(isNan(x.value), 0) : found.reduce((a, b) => logicalOr(a, b)),
  );
};

export const pointwiseOperators: OperatorTable = {
  Add: sameType(ADD),
  Sub: sameType(SUB),
  Mul: sameType(MUL),
  Div: sameType(DIV),
  Sum: joined(ADD),
  Max: joined(MAX),
  Min: joined(MIN),
  Mean: {
    attributes: [],
    run(call) {
      const terms = call.terms();
      const total = terms.reduce((soFar, term) => elementwise(ADD, [soFar, term], term.type));
      return Term.of(total.type, scale(total.value, 1 / terms.length));
    },
  },
  Mod: { attributes: ['fmod'], run: mod },
  Pow: { attributes: [], run: power },
  BitShift: { attributes: ['direction'], run: bitShift },
  BitwiseAnd: bits((a, b) => a & b, '&'),
  BitwiseOr: bits((a, b) => a | b, '|'),
  BitwiseXor: bits((a, b) => a ^ b, '^'),
  BitwiseNot: sameType({ host: (a) => -1 - a!, integer: ([a]) => `~${a}` }),
  And: truth({ host: (a, b) => a! * b!, float: (a, b) => logicalAnd(a!, b!) }),
  Or: truth({ host: (a, b) => (a! + b! > 0 ? 1 : 0), float: (a, b) => logicalOr(a!, b!) }),
  Xor: truth({ host: (a, b) => (a !== b ? 1 : 0), float: (a, b) => logicalXor(a!, b!) }),
  Not: truth({ host: (a) => 1 - a!, float: (a) => logicalNot(a!) }),
  Equal: comparison((a, b) => a === b, equal, '=='),
  Less: comparison((a, b) => a < b, less, '<'),
  LessOrEqual: comparison((a, b) => a <= b, lessEqual, '<='),
  Greater: comparison((a, b) => a > b, greater, '>'),
  GreaterOrEqual: comparison((a, b) => a >= b, greaterEqual, '>='),
  IsNaN: truth({ host: (a) => (Number.isNaN(a!) ? 1 : 0), float: (a) => isNan(a!) }),
  IsInf: { attributes: ['detect_negative', 'detect_positive'], run: isInfinite },
  Where: { attributes: [], moves: true, run: (call) => select(call.term(0), call.term(1), call.term(2)) },
  Clip: { attributes: [], run: clip },
  Neg: sameType({ host: (a) => -a!, float: (a) => neg(a!), integer: ([a]) => `-${a}` }),
  Abs: sameType({
    host: (a) => Math.abs(a!),
    float: (a) => abs(a!),
    integer: ([a], signed) => (signed ? `abs(${a})` : a!),
  }),
  Sign: sameType({
    host: (a) => Math.sign(a!),
    float: (a) => sign(a!),
    integer: ([a], signed) => (signed ? `sign(${a})` : `min(${a}, 1u)`),
  }),
  Floor: floats(floor, Math.floor),
  Ceil: floats(ceil, Math.ceil),
  Round: floats(round, roundHalfEven),
  Sqrt: floats(sqrt, Math.sqrt),
  Reciprocal: floats(reciprocal, (a) => 1 / a),
  Exp: floats(exp, Math.exp),
  Log: floats(log, Math.log),
  Erf: { attributes: [], run: (call) => Term.of(call.term(0).type, erf(call.value(0))) },
  Sin: floats(sin, Math.sin),
  Cos: floats(cos, Math.cos),
  Tan: floats(tan, Math.tan),
  Asin: floats(asin, Math.asin),
  Acos: floats(acos, Math.acos),
  Atan: floats(atan, Math.atan),
  Sinh: floats(sinh, Math.sinh),
  Cosh: floats(cosh, Math.cosh),
  Tanh: floats(tanh, Math.tanh),
  Asinh: floats(asinh, Math.asinh),
  Acosh: floats(acosh, Math.acosh),
  Atanh: floats(atanh, Math.atanh),
  Identity: { attributes: [], moves: true, run: (call) => call.items[0] ?? call.term(0) },
};
