import type { IntegerName } from '../../kernels/integers.ts';
import { product, range, type Shape } from '../../shape.ts';
import type { GraphWriter } from './graphWriter.ts';
import { direct, type ElementRule, part, TRUTHS } from './nodes.ts';

const number = (w: GraphWriter, value: number): string => w.constant([value], [], 'i64');

/** `fn` of b, 0 where b is 0: division by 0 ends ONNX Runtime. */
const divided = (w: GraphWriter, b: string, fn: (b: string) => string): string => {
  const nothing = w.node('Equal', [b, number(w, 0)]);
  return w.node('Where', [nothing, number(w, 0), fn(w.node('Where', [nothing, number(w, 1), b]))]);
};

/** a less what b leaves of it with b's sign, over b. */
const floorDiv = (w: GraphWriter, a: string, b: string): string =>
  w.node('Div', [w.node('Sub', [a, w.node('Mod', [a, b])]), b]);

/** 2^b; above 31, and for negative ones, which are large without their sign, 2^32. */
function powerOfTwo(w: GraphWriter, b: string): string {
  const outside = w.node('Or', [w.node('Less', [b, number(w, 0)]), w.node('Greater', [b, number(w, 31)])]);
  const powers = w.constant(
    range(33).map((i) => 2 ** i),
    [33],
    'i64',
  );
  return w.node('Gather', [powers, w.node('Where', [outside, number(w, 32), b])], { axis: 0 });
}

/** By repeated squares, a bit of b at a time; of a negative b what is left of 1 / a^-b. Products wrap around in 64 bits. */
const pow: ElementRule = (w, [a, b]) => {
  const negative = w.node('Less', [b!, number(w, 0)]);
  const isUnit = w.node('Equal', [w.node('Abs', [a!]), number(w, 1)]);
  let left = w.node('Where', [negative, w.node('Mod', [b!, number(w, 2)]), b!]);
  let base = a!;
  let power = number(w, 1);
  for (let bit = 0; bit < 32; bit++) {
    const isOdd = w.node('Equal', [w.node('Mod', [left, number(w, 2)]), number(w, 1)]);
    power = w.node('Mul', [power, w.node('Where', [isOdd, base, number(w, 1)])]);
    base = w.node('Mul', [base, base]);
    left = w.node('Div', [left, number(w, 2)]);
  }
  const lost = w.node('And', [negative, w.node('Not', [isUnit])]);
  return w.node('Where', [lost, number(w, 0), power]);
};

/** By comparison: ONNX Runtime's Max, Min and Sign look at 32 of 64 bits. */
const larger = (w: GraphWriter, a: string, b: string): string =>
  w.node('Where', [w.node('Greater', [a, b]), a, b]);
const smaller = (w: GraphWriter, a: string, b: string): string =>
  w.node('Where', [w.node('Less', [a, b]), a, b]);

/** Every function of integers, which come in 64 bits; what it gives is cut to 32 afterwards. One that is added does not compile without its row. */
const RULES: Readonly<Record<IntegerName, ElementRule>> = {
  identity: (_, [x]) => x!,
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  bitwiseAnd: direct('BitwiseAnd'),
  bitwiseOr: direct('BitwiseOr'),
  bitwiseXor: direct('BitwiseXor'),
  bitwiseNot: direct('BitwiseNot'),
  shiftLeft: (w, [a, b]) => w.node('Mul', [a!, powerOfTwo(w, b!)]),
  shiftRight: (w, [a, b]) => floorDiv(w, a!, powerOfTwo(w, b!)),
  neg: direct('Neg'),
  abs: direct('Abs'),
  sign: (w, [x]) => {
    const below = w.node('Where', [w.node('Less', [x!, number(w, 0)]), number(w, -1), number(w, 0)]);
    return w.node('Where', [w.node('Greater', [x!, number(w, 0)]), number(w, 1), below]);
  },
  square: (w, [x]) => w.node('Mul', [x!, x!]),
  maximum: (w, [a, b]) => larger(w, a!, b!),
  minimum: (w, [a, b]) => smaller(w, a!, b!),
  clamp: (w, [x], [low, high]) => smaller(w, larger(w, x!, number(w, low!)), number(w, high!)),
  truncDiv: (w, [a, b]) => divided(w, b!, (safe) => w.node('Div', [a!, safe])),
  floorDiv: (w, [a, b]) => divided(w, b!, (safe) => floorDiv(w, a!, safe)),
  remainder: (w, [a, b]) => divided(w, b!, (safe) => w.node('Mod', [a!, safe])),
  fmod: (w, [a, b]) => divided(w, b!, (safe) => w.node('Mod', [a!, safe], { fmod: 1 })),
  pow,
  ...TRUTHS,
};

/** A function of integers of these names in 64 bits (a condition in any type). */
export const writeIntegers = (
  w: GraphWriter,
  fn: IntegerName,
  names: readonly string[],
  params: readonly number[],
): string => RULES[fn](w, names, params);

/**
 * The product of integers in 64 bits along axes, by halves: it wraps around, and ONNX Runtime's own ends at the largest number.
 */
export function integerProduct(w: GraphWriter, name: string, shape: Shape, axes: readonly number[]): string {
  return axes.reduce((soFar, axis) => {
    if (shape[axis] === 0) {
      const sizes = shape.map((size, i) => (axes.includes(i) && i <= axis ? 1 : size));
      return product(sizes) === 0 ? soFar : w.node('Expand', [number(w, 1), w.integers(sizes)]);
    }
    let out = soFar;
    for (let size = shape[axis]!; size > 1; size = Math.ceil(size / 2)) {
      const half = Math.floor(size / 2);
      const joined = w.node('Mul', [part(w, out, axis, 0, half), part(w, out, axis, half, 2 * half)]);
      out =
        size % 2 === 0 ? joined : w.node('Concat', [joined, part(w, out, axis, size - 1, size)], { axis });
    }
    return out;
  }, name);
}
