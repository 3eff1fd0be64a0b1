import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { entries, exportsOf, exportsPage } from '../../tools/reference/exports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

it('nothing is exported without saying what it is', () => {
  const silent = entries().flatMap(([entry, source]) =>
    exportsOf(source).flatMap(({ name, file, says }) => (says === '' ? [`${entry} ${name} (${file})`] : [])),
  );
  expect(silent).toEqual([]);
});

it('docs/exports.md has every export: `npm run docs:exports` writes it', () => {
  const page = read('docs/exports.md');
  const absent = entries().flatMap(([, source]) =>
    exportsOf(source).flatMap(({ name }) => (page.includes(`\n- \`${name}\`: `) ? [] : [name])),
  );
  expect(absent).toEqual([]);
  expect(page).toBe(exportsPage());
});

it('the reference is made of every entry', () => {
  const { entryPoints } = JSON.parse(read('tools/reference/typedoc.json')) as { entryPoints: string[] };
  const sources = entryPoints.map((path) => join(root, 'tools/reference', path));
  expect(sources.toSorted()).toEqual(
    entries()
      .map(([, source]) => source)
      .toSorted(),
  );
});
