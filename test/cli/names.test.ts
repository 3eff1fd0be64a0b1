import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { WGAD_BENCH } from '../../bench/verbs/index.ts';
import { anyOf, type NameParser, oneOf } from '../../src/cli/names.ts';
import { outputTo } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { flagVariables, OWN_VARIABLES } from '../../src/cli/variables.ts';
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
const programs = [await wgadCommands(), WGAD_BENCH].map((commands) =>
  buildProgram(commands, surroundings, () => undefined),
);
const flags = programs.flatMap((program) => flagsOf(program, program.name()));

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
    expect(() => some('b,a, b')).toThrow('expects each once, got b twice.');
  });
});

/** Sources and documents in a folder, or the one file. The journal names what was. */
async function textsIn(path: string): Promise<string[]> {
  if (extname(path) !== '') return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => /\.(ts|mjs|py|md)$/.test(name) && !/(^|\/)(node_modules|journal)\//.test(name))
    .map((name) => join(path, name));
}

it('every variable that the project names is known', async () => {
  const known = new Set([...OWN_VARIABLES, ...programs.flatMap(flagVariables)]);
  const parts = ['src', 'bench', 'scripts', 'docs', 'README.md', 'vitest.config.ts'];
  const paths = await Promise.all(parts.map((part) => textsIn(join(import.meta.dirname, '../..', part))));
  const texts = await Promise.all(paths.flat().map((path) => readFile(path, 'utf8')));
  const named = new Set(texts.flatMap((text) => text.match(/WGAD_[A-Z_]*[A-Z]/g) ?? []));
  const others = [...named].filter((name) => !known.has(name));
  // The name of the command set.
  expect(others.sort()).toEqual(['WGAD_BENCH']);
});

it('flags that docs/methods.md names are flags of the command line', async () => {
  const own = flags.filter(({ verb }) => /^wgad( [\w-]+)?$/.test(verb));
  const known = new Set(own.map(({ option }) => option.long));
  const page = await readFile('docs/methods.md', 'utf8');
  const named = [...page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((flag) => !known.has(flag))).toEqual([]);
});
