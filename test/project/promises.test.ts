import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

// `npm run check` refuses promises that nobody awaits. Each line here is one way to leave one: the linter must see all.
const ROOT = join(import.meta.dirname, '../..');
const FLOATING = [
  'later();',
  'thing.maybe();',
  'void later();',
  'later().finally(() => {});',
  'later().then(() => {});',
  'Promise.all([later()]);',
  '[1].forEach(async () => later());',
  '[1].map(async () => later());',
  "thing.on('x', async () => later());",
];
const HANDLED = [
  'later().catch(() => {});',
  'await later();',
  'await Promise.all([1].map(async () => later()));',
];

let folder = '';
beforeAll(async () => {
  // Below the root, where its tsconfig holds.
  folder = await mkdtemp(join(ROOT, 'test/project/.promises-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the linter refuses every way to leave a promise alone', async () => {
  const head = `const later = async (): Promise<void> => {};
interface Thing {
  maybe(): Promise<void> | undefined;
  on(name: string, heard: () => void): void;
}
export async function tries(thing: Thing): Promise<void> {
`;
  const path = join(folder, 'floating.ts');
  await writeFile(path, `${head}${[...HANDLED, ...FLOATING].join('\n')}\n}\n`);
  const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const args = [
    oxlint,
    '--type-aware',
    '--no-ignore',
    '-c',
    join(ROOT, '.oxlintrc.json'),
    '-f',
    'unix',
    path,
  ];
  const said = await promisify(execFile)(process.execPath, args, { cwd: ROOT }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  const first = head.split('\n').length + HANDLED.length;
  const found = [...said.matchAll(/floating\.ts:(\d+):/g)].map(([, line]) => Number(line) - first);
  expect([...new Set(found)].sort((a, b) => a - b)).toEqual([...FLOATING.keys()]);
}, 120_000);
