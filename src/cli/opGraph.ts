/** A call of one of the library's functions, as it is written on the command line. */
import { grad } from '../autograd/reverse.ts';
import { ConfigError } from '../errors.ts';
import * as functions from '../functions.ts';
import type { Graph } from '../graph/graph.ts';
import { DTYPES, type Dtype, input, isValue, nameOf, state, type Value } from '../graph/value.ts';
import { withNearest } from '../options.ts';
import type { Shape } from '../shape.ts';

/** An operand: `2x64x8x8`, `64x64x3x3:state` (weights, whose packing is done ahead), `10:i32`, `1` for a vector, `scalar`. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly state: boolean;
}

/** @throws ConfigError saying what is expected. */
export function operandOf(text: string): Operand {
  const [sizes, ...traits] = text.split(':') as [string, ...string[]];
  const shape =
    sizes === 'scalar'
      ? []
      : sizes.split(/[x,]/).map((size) => (/^\d+$/.test(size) ? Number(size) : Number.NaN));
  const known = ['state', ...DTYPES];
  const unknown = traits.find((trait) => !known.includes(trait));
  if (!shape.every(Number.isSafeInteger) || unknown !== undefined) {
    const got = unknown === undefined ? text : `${text}: ${withNearest(unknown, known)}`;
    throw new ConfigError(
      `--shape expects sizes such as 2x64x8x8 or scalar, optionally followed by :state, :f16, :i32 or :u32, got ${got}`,
    );
  }
  const dtype = DTYPES.find((each) => traits.includes(each)) ?? 'f32';
  return { shape, dtype, state: traits.includes('state') };
}

/**
 * The graph of OP applied to the operands. `args` follow them: JSON (`0.5`, `[1, 2]`, other text as a string) and
 * `name=JSON`, collected into one options object. `$0` in them stands for the first operand, which is then not passed
 * as an argument before them: `bias=$2`. `gradient`: the graph of its gradient to all float operands, for any
 * cotangent.
 * @throws ConfigError for an unknown function, or whatever the function throws for its arguments.
 */
export function opGraph(
  op: string,
  operands: readonly Operand[],
  args: readonly string[],
  gradient: boolean,
): Graph {
  const known = Object.keys(functions);
  if (!Object.hasOwn(functions, op)) {
    throw new ConfigError(`kernels show: expects a function of the library, got ${withNearest(op, known)}`, {
      fix: `use any of ${known.join(', ')}; the kernels of a gradient are shown by --gradient`,
    });
  }
  const values = operands.map(({ shape, dtype, state: kept }, i) =>
    (kept ? state : input)(`x${i}`, shape, dtype),
  );
  const call = (functions as Readonly<Record<string, unknown>>)[op] as (
    ...args: readonly unknown[]
  ) => unknown;
  const results = valuesIn(call(...argumentsOf(values, args)), 'y');
  if (results.size === 0) throw new ConfigError(`kernels show: ${op} computes no value`);
  if (!gradient) return { outputs: results, effects: [] };
  const loss = [...results.values()]
    .map((value, i) => functions.sum(functions.mul(value, input(`cotangent${i}`, value.shape))))
    .reduce((total, each) => functions.add(total, each));
  const floats = values.filter(({ dtype }) => dtype === 'f32');
  const gradients = grad(loss, floats);
  return {
    outputs: new Map(gradients.map((each, i) => [`d ${nameOf(floats[i]!)}`, each])),
    effects: [],
  };
}

/** Operands that no argument names come first. */
function argumentsOf(values: readonly Value[], args: readonly string[]): unknown[] {
  const named = new Set<Value>();
  const filled = (part: unknown): unknown => {
    const place = typeof part === 'string' ? /^\$(\d+)$/.exec(part)?.[1] : undefined;
    if (place !== undefined) {
      const value = values[Number(place)];
      if (!value)
        throw new ConfigError(
          `kernels show: ${part} is no operand: ${values.length} shapes are given, from $0 on`,
        );
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
  const first = values.filter((value) => !named.has(value));
  return [...first, ...rest, ...(options.length > 0 ? [Object.fromEntries(options)] : [])];
}

/** JSON, or the text itself: names of modes need no quotes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The values in a function's result, by their position in it. */
function valuesIn(result: unknown, name: string): Map<string, Value> {
  if (isValue(result)) return new Map([[name, result]]);
  if (typeof result !== 'object' || result === null) return new Map();
  return new Map(Object.entries(result).flatMap(([key, each]) => [...valuesIn(each, `${name}.${key}`)]));
}
