import { product } from '../shape.ts';
import { broadcastIndex } from './broadcast.ts';
import { type Element, read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, type WgslFunction, wgsl } from './wgsl.ts';

type Whole = 'i32' | 'u32';

interface IntegerEntry {
  /** `flag`: its result is an f32, 0 or 1. */
  readonly flag?: true;
  readonly functions?: (type: Whole) => readonly WgslFunction[];
  readonly wgsl: (args: readonly string[], type: Whole, params: readonly number[]) => string;
}

const operator = (symbol: string): IntegerEntry => ({ wgsl: ([a, b]) => `${a} ${symbol} ${b}` });
const flag = (text: (a: string, b: string) => string): IntegerEntry => ({
  flag: true,
  wgsl: ([a, b]) => `select(0.0, 1.0, ${text(a!, b!)})`,
});
const called = (name: string, source: (type: Whole) => string): IntegerEntry => ({
  functions: (type) => [{ name, source: source(type) }],
  wgsl: (args) => `${name}(${args.join(', ')})`,
});

/** The quotient rounded down and what remains, which has b's sign; both 0 where b is 0. */
const floored = (name: string, result: string) =>
  called(
    name,
    (type) => `
    fn ${name}(a: ${type}, b: ${type}) -> ${type} {
      if (b == ${type}(0)) { return ${type}(0); }
      let quotient = a / b;
      let rest = a - quotient * b;
      let below = rest != ${type}(0) && (rest < ${type}(0)) != (b < ${type}(0));
      return ${result.replaceAll('T', type)};
    }`,
  );

/** A shift by 32 or more places (negative ones are more) leaves nothing, to the right the sign. */
const shifted = (name: string, symbol: string, beyond: (type: Whole) => string) =>
  called(
    name,
    (type) => `
    fn ${name}(a: ${type}, b: ${type}) -> ${type} {
      let by = u32(b);
      return select(a ${symbol} min(by, 31u), ${beyond(type)}, by > 31u);
    }`,
  );

/** Functions of integers, by the names of those of floats where both exist. Results wrap around at 2^32. */
export const INTEGERS = {
  identity: { wgsl: ([x]) => x! },
  add: operator('+'),
  sub: operator('-'),
  mul: operator('*'),
  bitwiseAnd: operator('&'),
  bitwiseOr: operator('|'),
  bitwiseXor: operator('^'),
  bitwiseNot: { wgsl: ([x]) => `~${x}` },
  shiftLeft: shifted('shift_left', '<<', (type) => `${type}(0)`),
  shiftRight: shifted('shift_right', '>>', (type) => `select(${type}(0), ~${type}(0), a < ${type}(0))`),
  neg: { wgsl: ([x], type) => `${type}(0) - ${x}` },
  abs: { wgsl: ([x]) => `abs(${x})` },
  sign: { wgsl: ([x], type) => `${type}(${x} > ${type}(0)) - ${type}(${x} < ${type}(0))` },
  square: { wgsl: ([x]) => `${x} * ${x}` },
  maximum: { wgsl: ([a, b]) => `max(${a}, ${b})` },
  minimum: { wgsl: ([a, b]) => `min(${a}, ${b})` },
  clamp: { wgsl: ([x], type, [low, high]) => `clamp(${x}, ${type}(${low}), ${type}(${high}))` },
  truncDiv: called(
    'trunc_div',
    (type) => `
    fn trunc_div(a: ${type}, b: ${type}) -> ${type} {
      if (b == ${type}(0)) { return ${type}(0); }
      return a / b;
    }`,
  ),
  floorDiv: floored('floor_div', 'quotient - T(below)'),
  remainder: floored('remainder', 'rest + b * T(below)'),
  fmod: floored('fmod', 'rest'),
  /** By repeated squares; of a negative power what is left of 1 / a^-b: 1 or -1 of those, else 0. */
  pow: called(
    'integer_pow',
    (type) => `
    fn integer_pow(a: ${type}, b: ${type}) -> ${type} {
      let one = ${type}(1);
      let unit = a == one || a == ${type}(0) - one;
      if (b < ${type}(0) && !unit) { return ${type}(0); }
      var base = a;
      var left = select(u32(b), u32(b) & 1u, b < ${type}(0));
      var power = one;
      while (left > 0u) {
        if ((left & 1u) == 1u) { power *= base; }
        base *= base;
        left >>= 1u;
      }
      return power;
    }`,
  ),
  greater: flag((a, b) => `${a} > ${b}`),
  greaterEqual: flag((a, b) => `${a} >= ${b}`),
  less: flag((a, b) => `${a} < ${b}`),
  lessEqual: flag((a, b) => `${a} <= ${b}`),
  equal: flag((a, b) => `${a} == ${b}`),
  notEqual: flag((a, b) => `${a} != ${b}`),
  logicalAnd: flag((a, b) => `(${a} != 0) && (${b} != 0)`),
  logicalOr: flag((a, b) => `(${a} != 0) || (${b} != 0)`),
  logicalXor: flag((a, b) => `(${a} != 0) != (${b} != 0)`),
  logicalNot: { flag: true, wgsl: ([x]) => `select(0.0, 1.0, ${x} == 0)` },
  /** Its condition, which may be a float, comes as a bool. */
  where: { wgsl: ([c, a, b]) => `select(${b}, ${a}, ${c})` },
} as const satisfies Record<string, IntegerEntry>;

export type IntegerName = keyof typeof INTEGERS;

const isTrue = (element: Element, value: string): string =>
  element === 'f32' || element === 'f16' ? `(bitcast<u32>(f32(${value})) << 1u) != 0u` : `${value} != 0`;

const integers: Lowering<{ readonly fn: IntegerName; readonly params: readonly number[] }> = (
  { label, inputs, out, attrs: { fn, params } },
  device,
) => {
  const entry: IntegerEntry = INTEGERS[fn];
  const total = product(out.shape);
  const type = inputs.at(-1)!.element as Whole;
  const args = inputs.map((spec, i) => {
    const value = `x${i}[${broadcastIndex('i', out.shape, spec.shape)}]`;
    return fn === 'where' && i === 0 ? isTrue(spec.element, value) : value;
  });
  return single(
    perElement(
      {
        label: `${label} ${fn}`,
        bindings: [
          ...inputs.map(({ shape, element }, i) => read(`x${i}`, product(shape), element)),
          write('out', total, out.element),
        ],
        total,
        layout: 'out[i] from one element of each input.',
        body: wgsl`
          ${args.map((text, i) => code(`let v${i} = ${text};`))}
          out[i] = ${code(
            entry.wgsl(
              args.map((_, i) => `v${i}`),
              type,
              params,
            ),
            ...(entry.functions?.(type) ?? []),
          )};`,
      },
      device,
    ),
  );
};

export const integerKernels = { integers };
