/** A call of one of the library's functions, as it is written on the command line. */
import type { BenchOperand, BenchSubject, Pass } from '../bench/operation.ts';
import { ConfigError } from '../errors.ts';
import * as functions from '../functions.ts';
import type { Tree } from '../graph/tree.ts';
import { DTYPES, type Dtype, type Value } from '../graph/value.ts';
import { givenTwice, withNearest } from '../options.ts';
import type { Shape } from '../shape.ts';

/** An operand: its shape, and what is known about its values. */
export interface Operand extends BenchOperand {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly state: boolean;
}

const EXPECTED =
  'sizes such as [2,64,8,8], 2x64x8x8 or scalar, optionally followed by :state, :f16, :i32, :u32 or a range as :0..10';

/**
 * `[2,64,8,8]`, `2x64x8x8`, `10:i32`, `1` for a vector, `[]` or `scalar`; behind it `:state` for weights, whose packing is
 * done ahead, a type, and the range of its numbers.
 * @param where what is expected to be one, for errors
 * @throws ConfigError saying what is expected.
 */
export function operandOf(text: string, where = '--shape'): Operand {
  const [sizes, ...traits] = text.split(':') as [string, ...string[]];
  const inner = /^\[(.*)\]$/s.exec(sizes)?.[1] ?? (sizes === 'scalar' ? '' : sizes);
  const shape =
    inner.trim() === '' && sizes !== ''
      ? []
      : inner.split(/[x,]/).map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : Number.NaN));
  const known = ['state', ...DTYPES];
  const ranges = traits.flatMap((trait) => rangeOf(trait) ?? []);
  const unknown = traits.find((trait) => !known.includes(trait) && !rangeOf(trait));
  const types = DTYPES.filter((each) => traits.includes(each));
  const hasTwo = ranges.length > 1 || types.length > 1 || givenTwice(traits) !== undefined;
  if (!shape.every(Number.isSafeInteger) || unknown !== undefined || hasTwo) {
    const got = unknown === undefined ? text : `${text}: ${withNearest(unknown, known)}`;
    throw new ConfigError(`${where} expects ${EXPECTED}, got ${got}`);
  }
  const [dtype = 'f32'] = types;
  const [range] = ranges;
  return { shape, dtype, state: traits.includes('state'), ...(range && { range: range.both }) };
}

function rangeOf(trait: string): { both: readonly [number, number] } | undefined {
  const [low, high, ...more] = trait.split('..');
  if (high === undefined || more.length > 0 || low!.trim() === '' || high.trim() === '') return undefined;
  const both = [Number(low), Number(high)] as const;
  return both.every(Number.isFinite) && both[0] < both[1] ? { both } : undefined;
}

/** A function, its operands, and its other arguments as texts. */
export interface OpCall {
  readonly op: string;
  readonly operands: readonly Operand[];
  readonly args: readonly string[];
}

/**
 * Of `conv2d [1,96,37,53] [160,96,3,3]:state stride=2 padding=1`: lists of sizes are operands; a list that is an argument has
 * an = in front (`permute [2,3,4] =[2,0,1]`) or names operands (`concat [2,3] [2,5] [$0,$1] 1`).
 * @throws ConfigError for an unknown function, or an operand that cannot be one.
 */
export function parseCall(where: string, text: string): OpCall {
  const [op = '', ...parts] = text.match(PART) ?? [];
  functionOf(where, op);
  const operands: Operand[] = [];
  const args: string[] = [];
  for (const part of parts) {
    if (/^(\[[^$]*\]|scalar|\d+(x\d+)+)(:\S*)?$/.test(part))
      operands.push(operandOf(part, `${where}: ${op}`));
    else args.push(part.replace(/^=/, ''));
  }
  return { op, operands, args };
}

/** Words, in which lists, objects and quoted texts may have spaces. */
const PART = /(?:\[[^\]]*\]+|\{[^}]*\}+|"[^"]*"|[^\s[{"])+/g;

/** The call in one normal form: it identifies a record, together with the shapes. */
export const callName = ({ op, operands, args }: OpCall): string =>
  [
    op,
    ...args,
    ...operands.flatMap(({ dtype, state, range }, i) => {
      const traits = [...(state ? ['state'] : []), ...(dtype === 'f32' ? [] : [dtype])];
      const all = [...traits, ...(range ? [`${range[0]}..${range[1]}`] : [])];
      return all.length === 0 ? [] : [`$${i}:${all.join(':')}`];
    }),
  ].join(' ');

/** @throws ConfigError naming the functions that exist. */
export function functionOf(where: string, op: string): (...args: readonly unknown[]) => unknown {
  const known = Object.keys(functions);
  if (Object.hasOwn(functions, op)) {
    return (functions as Readonly<Record<string, unknown>>)[op] as (...args: readonly unknown[]) => unknown;
  }
  throw new ConfigError(`${where}: expects a function of the library, got ${withNearest(op, known)}`, {
    fix: `use any of ${known.join(', ')}`,
  });
}

/** The call as a function of values. */
export const functionOfValues =
  (where: string, { op, args }: Pick<OpCall, 'op' | 'args'>) =>
  (...values: Value[]): Tree<Value> =>
    functionOf(where, op)(...argumentsOf(where, values, args)) as Tree<Value>;

/**
 * `args` follow the operands: JSON (`0.5`, `[1, 2]`, other text as a string) and `name=JSON`, collected into one options
 * object. `$0` in them stands for the first operand, which is then not passed as an argument before them: `bias=$2`.
 */
export function argumentsOf<T>(where: string, operands: readonly T[], args: readonly string[]): unknown[] {
  const named = new Set<T>();
  const filled = (part: unknown): unknown => {
    const place = typeof part === 'string' ? /^\$(\d+)$/.exec(part)?.[1] : undefined;
    if (place !== undefined) {
      if (Number(place) >= operands.length) {
        throw new ConfigError(
          `${where}: ${part} is no operand: ${operands.length} shapes are given, from $0 on`,
        );
      }
      const value = operands[Number(place)]!;
      named.add(value);
      return value;
    }
    if (Array.isArray(part)) return part.map(filled);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, filled(each)]));
  };
  const options: [string, unknown][] = [];
  const rest: unknown[] = [];
  for (const arg of args) {
    const [, name, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(arg) ?? [];
    if (name === undefined) rest.push(filled(parsed(arg)));
    else options.push([name, filled(parsed(value!))]);
  }
  const twice = givenTwice(options.map(([name]) => name));
  if (twice !== undefined) throw new ConfigError(`${where}: expects each option once, got ${twice}= twice`);
  const first = operands.filter((value) => !named.has(value));
  return [...first, ...rest, ...(options.length > 0 ? [Object.fromEntries(options)] : [])];
}

/** A call as a subject of measurements. @throws ConfigError for an unknown function, or an operand that cannot be one. */
export function subjectOf(where: string, text: string, pass: Pass = 'forward'): BenchSubject {
  const call = parseCall(where, text);
  const suffix = pass === 'forward' ? '' : `, ${pass === 'both' ? 'forward and backward' : pass}`;
  const fn = functionOfValues(`${where}: ${call.op}`, call);
  return { name: `${callName(call)}${suffix}`, fn, operands: call.operands, pass };
}

/** JSON, in which operands need no quotes, or the text itself: names of modes need none either. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/(?<!")\$\d+(?!")/g, '"$&"'));
  } catch {
    return text;
  }
}
