import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** The modules that an entry re-exports from, and which names; null: all. */
function exportsOf(entry: string): [file: string, names: readonly string[] | null][] {
  const text = readFileSync(entry, 'utf8');
  return [...text.matchAll(/export (?:type )?(?:\{([^}]*)\}|\*) from '([^']+)'/g)].flatMap(
    ([, list, from]): [string, readonly string[] | null][] => {
      const file = join(dirname(entry), from!);
      if (/(index|functions)\.ts$/.test(file)) return exportsOf(file);
      const names = list
        ?.split(',')
        .map((name) => name.replace(/^\s*type /, '').trim())
        .filter((name) => name !== '');
      return [[file, names ?? null]];
    },
  );
}

it.each([
  'index.ts',
  'models/index.ts',
  'methods/index.ts',
  'metrics/index.ts',
  'data/index.ts',
  'bench/index.ts',
])('src/%s exports nothing without saying what it is', (entry) => {
  const silent = exportsOf(join(source, entry)).flatMap(([file, names]) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((line, i) => {
      const name = /^export (?:async )?(?:function|const|class|interface) (\w+)/.exec(line)?.[1];
      if (name === undefined || (names && !names.includes(name))) return [];
      return lines[i - 1]?.endsWith('*/') ? [] : [`${file.slice(source.length + 1)}: ${name}`];
    });
  });
  expect(silent).toEqual([]);
});
