import { InvalidArgumentError } from 'commander';
import { givenTwice } from '../options.ts';

/** The parser of a flag that takes names. It carries the names for the flag's help. */
export interface NameParser<T> {
  (text: string): T;
  readonly names: readonly string[];
}

/** Parser of one name. */
export const oneOf = <T extends string>(names: readonly T[]): NameParser<T> => {
  const expected = names.length === 2 ? names.join(' or ') : `one of ${names.join(', ')}`;
  return parser(names, (text) => find(names, text, expected));
};

/** Parser of comma-separated names. `aliases` stand for lists of them. */
export const anyOf = <T extends string>(
  names: readonly T[],
  aliases: Readonly<Record<string, readonly T[]>> = {},
): NameParser<T[]> => {
  const offered = [...names, ...Object.keys(aliases)];
  return parser(offered, (text) =>
    Object.hasOwn(aliases, text.trim())
      ? [...aliases[text.trim()]!]
      : distinct(text.split(',').map((name) => find(names, name.trim(), `any of ${offered.join(', ')}`))),
  );
};

const parser = <T>(names: readonly string[], parse: (text: string) => T): NameParser<T> =>
  Object.assign(parse, { names });

/**
 * The values of a comma-separated list, none of which may stand there twice: whoever writes one twice meant another.
 * @throws InvalidArgumentError naming the first that does.
 */
export function distinct<T extends string | number>(values: readonly T[]): T[] {
  const twice = givenTwice(values);
  if (twice !== undefined) throw new InvalidArgumentError(`expects each once, got ${twice} twice.`);
  return [...values];
}

/** @throws InvalidArgumentError saying what is expected. */
function find<T extends string>(names: readonly T[], text: string, expected: string): T {
  const known = names.find((name) => name === text);
  if (!known) throw new InvalidArgumentError(`expects ${expected}, got ${text}.`);
  return known;
}
