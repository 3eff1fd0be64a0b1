import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { WGAD_BENCH } from '../../bench/verbs/index.ts';
import { anyOf, type NameParser, oneOf } from '../../src/cli/names.ts';
import { outputTo } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { wgadCommands } from '../../src/cli/verbs/index.ts';

const surroundings = {
  signal: new AbortController().signal,
  endAtSignal: () => {},
  onHangUp: () => {},
  stdout: outputTo(process.stdout),
};

interface Flag {
  readonly verb: string;
  readonly option: Option;
}
const flagsOf = (command: Command, verb = ''): Flag[] => [
  ...command.options.map((option) => ({ verb, option })),
  ...command.commands.flatMap((inner) => flagsOf(inner, `${verb} ${inner.name()}`.trim())),
];
const flags = [await wgadCommands(), WGAD_BENCH].flatMap((commands) =>
  flagsOf(
    buildProgram(commands, surroundings, () => undefined),
    commands.name,
  ),
);

const namesOf = ({ option }: Flag): readonly string[] | undefined =>
  (option.parseArg as Partial<NameParser<unknown>> | undefined)?.names ?? option.argChoices;
const named = flags.filter((flag) => namesOf(flag) !== undefined);

/** Words that a help offers as values: alone before a comma, a colon, a bracket, behind `or`, `default` or a colon. */
function offered(help: string): string[] {
  const words = help.matchAll(
    /(?:^|[:;,] (?:or |and )?| or |default:? |\bdefault )([a-z][\w-]*)(?=[,;)]| \(| or |$)/g,
  );
  return [...words].map(([, word]) => word!);
}
/** Of prose that looks like a value. */
const PROSE = new Set(['as', 'found', 'comma-separated', 'or']);

describe('flags that take names', () => {
  it('the search finds the flags that take names', () => {
    expect(named.length).toBeGreaterThan(15);
  });

  it.each(named.map((flag) => [`${flag.verb} ${flag.option.flags}`, flag] as const))(
    '%s: help offers what the parser takes, and no more',
    (_, flag) => {
      const names = namesOf(flag)!;
      const help = flag.option.argChoices
        ? `${flag.option.description} ${names.join(', ')}`
        : flag.option.description;
      for (const name of names) {
        expect(help).toMatch(new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`));
        expect(() => flag.option.parseArg?.(name, undefined as never)).not.toThrow();
      }
      expect(() => flag.option.parseArg!('no such name', undefined as never)).toThrow();
      const refused = offered(flag.option.description).filter(
        (word) => !names.includes(word) && !PROSE.has(word),
      );
      expect(refused).toEqual([]);
    },
  );

  it('flags whose help lists values are parsed by these parsers', () => {
    // Left to `checkConfig`, which says everything that is wrong with a run at once.
    const late =
      /^wgad train --(method|preset|encoder|align|encoder-norm|smoothing|align-|lr-schedule|calibration|class-table)/;
    const lists = flags.filter(
      ({ option: { flags: text, description } }) =>
        /<(name|names|mode|what|order)>/.test(text) && /, \w[\w-]*(,| or |$)/.test(description),
    );
    const loose = lists
      .filter((flag) => namesOf(flag) === undefined)
      .map(({ verb, option }) => `${verb} ${option.flags}`)
      .filter((text) => !late.test(text));
    expect(loose).toEqual(['wgad features --encoder <name>', 'wgad features --layers <names>']);
  });

  it('flags that take names say what they expect', () => {
    expect(() => oneOf(['a', 'b'])('c')).toThrow('expects a or b, got c.');
    expect(() => oneOf(['a', 'b', 'd'])('c')).toThrow('expects one of a, b, d, got c.');
    const some = anyOf(['a', 'b'], { both: ['a', 'b'] });
    expect([some('b, a'), some('both')]).toEqual([
      ['b', 'a'],
      ['a', 'b'],
    ]);
    expect(() => some('a,c')).toThrow('expects any of a, b, both, got c.');
    expect(() => some('toString')).toThrow('got toString');
  });
});
