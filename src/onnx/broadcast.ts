import { DtypeError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { broadcastShapes, product, range, type Shape, stridesOf } from '../shape.ts';
import { broadcastPlace, elementKernel } from './elementKernel.ts';
import { dtypeOf, type ElementType, factsOf, isFloat, isInteger } from './elementType.ts';
import { Term } from './term.ts';

/** Most elements of known numbers that are computed in JavaScript: shapes and what belongs to them. */
const MOST_KNOWN = 65_536;

/** A function of single elements, in JavaScript and on the device. */
export interface ElementFunction {
  readonly host: (...elements: number[]) => number;
  /** Of f32, which truth is too. Absent: floats have none. */
  readonly float?: (...operands: Value[]) => Value;
  /** A WGSL expression of integers of one type. Absent: integers have none. */
  readonly integer?: (args: readonly string[], signed: boolean) => string;
}

/** `fn` of terms that broadcast; the result is of `type`. */
export function elementwise(fn: ElementFunction, terms: readonly Term[], type: ElementType): Term {
  const shape = terms.reduce<Shape>((soFar, term) => broadcastShapes('operands', soFar, term.shape), []);
  const known = terms.map((term) => term.known);
  if (known.every((each) => each !== undefined) && product(shape) <= MOST_KNOWN) {
    return Term.known(type, shape, onHost(fn, terms, shape, type));
  }
  const operand = terms[0]!.type;
  if (!isInteger(operand)) {
    if (!fn.float) throw new DtypeError(`expects integers, got ${operand}`);
    return Term.of(type, fn.float(...terms.map((term) => term.value)));
  }
  if (!fn.integer) throw new DtypeError(`expects floats, got ${operand}`);
  const args = terms.map((term, i) => `x${i}[${broadcastPlace(term.shape, shape)}]`);
  const text = fn.integer(args, factsOf(operand).kind === 'signed');
  const dtype = dtypeOf(type);
  const out = isInteger(type) ? wrappedText(text, type) : `select(0.0, 1.0, ${text})`;
  const inputs = terms.map((term) => term.value);
  return Term.of(type, elementKernel({ name: 'integers', inputs, shape, dtype, body: `out = ${out};` }));
}

function onHost(fn: ElementFunction, terms: readonly Term[], shape: Shape, type: ElementType): Float64Array {
  const places = terms.map((term) => broadcastPlaces(term.shape, shape));
  return Float64Array.from({ length: product(shape) }, (_, flat) => {
    const out = fn.host(...terms.map((term, i) => term.known![places[i]!(flat)]!));
    return fitted(out, type);
  });
}

/** A number as `type` holds it: float32 at most, integers wrapped around, truth as 0 or 1. */
export function fitted(x: number, type: ElementType): number {
  if (isFloat(type)) return Math.fround(x);
  if (type === 'bool') return x === 0 ? 0 : 1;
  const { bits, kind } = factsOf(type);
  if (bits === 64) return Math.trunc(x);
  const size = 2 ** bits;
  const wrapped = ((Math.trunc(x) % size) + size) % size;
  return kind === 'signed' && wrapped >= size / 2 ? wrapped - size : wrapped;
}

/** The WGSL expression wrapped around like an integer of the type's width; 64 bits are 32 on the device. */
export function wrappedText(text: string, type: ElementType): string {
  const { bits, kind } = factsOf(type);
  if (bits >= 32) return text;
  return kind === 'signed'
    ? `((${text}) << ${32 - bits}u) >> ${32 - bits}u`
    : `(${text}) & ${2 ** bits - 1}u`;
}

/** From a place in `result` to the place in an operand of `shape` that broadcasts to it. */
export function broadcastPlaces(shape: Shape, result: Shape): (flat: number) => number {
  const before = result.length - shape.length;
  const [from, to] = [stridesOf(result), stridesOf(shape)];
  const axes = range(shape.length).filter((axis) => shape[axis] !== 1);
  return (flat) =>
    axes.reduce(
      (sum, axis) => sum + (Math.floor(flat / from[axis + before]!) % result[axis + before]!) * to[axis]!,
      0,
    );
}
