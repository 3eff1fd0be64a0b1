import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/architecture.md', root), 'utf8');
const files = new Set(
  ['src', 'test', 'docs', 'scripts', 'tools'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true }).map(
      (name) => `${folder}/${String(name).replaceAll('\\', '/')}`,
    ),
  ),
);
const named = [...text.matchAll(/`([\w./-]+(?:\/|\.(?:ts|mjs|md|sha256|py)))`/g)].map(([, name]) =>
  name!.replace(/\/$/, ''),
);

/** Files are named from the root or from src/; where a sentence has named their folder, by themselves. */
const isThere = (name: string): boolean =>
  [name, `src/${name}`].some((path) => existsSync(new URL(path, root))) ||
  (!name.includes('/') && [...files].some((file) => file.endsWith(`/${name}`)));

it('names files that are there', () => {
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

it('says of six changes which files a newcomer touches', () => {
  const section = text.slice(text.indexOf('## Changing it'), text.indexOf('## Where to go next'));
  const rows = [...section.matchAll(/^\| (an? [a-z ]+) \| (.+) \|$/gm)];
  expect(rows.map(([, change]) => change)).toEqual([
    'an op',
    'an alignment',
    'an encoder',
    'a data layout',
    'a kernel variant',
    'a metric',
  ]);
  for (const [, , where] of rows) {
    const paths = [...where!.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path]) =>
      path!.replace(/\/$/, ''),
    );
    expect(paths.length).toBeGreaterThan(1);
    expect(paths.filter((path) => !files.has(path))).toEqual([]);
  }
});
