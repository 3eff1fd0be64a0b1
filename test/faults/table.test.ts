import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FaultKind } from './kind.ts';
import { writeRow } from './table.ts';

const named = (kind: string): FaultKind => ({
  kind,
  full: 1,
  short: 1,
  run: () => Promise.reject(new Error('not run here')),
});
const rowsOf = async (page: string): Promise<string[]> =>
  (await readFile(page, 'utf8')).split('\n').filter((line) => /^\| (?!kind|---)/.test(line));

it('a row replaces its own, keeps the others in order and drops what is no kind any more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wgad-table-'));
  const page = join(folder, 'reliability.md');
  const [kills, signals] = [named('kills'), named('signals')];
  await writeRow(page, [kills, signals], 'signals', { tried: 5, survived: 5, failures: [] }, 'day 1');
  const first = { tried: 3, survived: 2, failures: ['one'], note: 'a | b' };
  await writeRow(page, [kills, signals], 'kills', first, 'day 1');
  expect(await rowsOf(page)).toEqual(['| kills | 3 | 2 | a / b | day 1 |', '| signals | 5 | 5 |  | day 1 |']);
  await writeRow(page, [kills, signals], 'kills', { tried: 9, survived: 9, failures: [] }, 'day 2');
  expect(await rowsOf(page)).toEqual(['| kills | 9 | 9 |  | day 2 |', '| signals | 5 | 5 |  | day 1 |']);
  await writeRow(page, [kills], 'kills', { tried: 1, survived: 1, failures: [] }, 'day 3');
  expect(await rowsOf(page)).toEqual(['| kills | 1 | 1 |  | day 3 |']);
  expect(await readdir(folder)).toEqual(['reliability.md']);
});
