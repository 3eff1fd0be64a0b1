import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = 'examples/tiledMatmul.ts';

it('the engineer’s matrix product is checked, measured against the roofline and by turns, in less than 60 lines', async () => {
  expect((await readFile(`${root}/${EXAMPLE}`, 'utf8')).trim().split('\n').length).toBeLessThan(60);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', EXAMPLE, '64'], {
    cwd: root,
  });
  const tables = stdout.trim().split('\n\n');
  expect(tables).toHaveLength(2);
  for (const [i, names] of [
    ['tiled, 1 a thread', 'tiled, 4 a thread'],
    ['tiled, 4 a thread', 'matmul'],
  ].entries()) {
    const table = tables[i]!;
    expect(table).toMatch(/of roofline % +bound by +times as fast$/m);
    for (const name of names) expect(table).toContain(`op ${name}`);
    expect(table).toMatch(/\d\.\d\d \(\d+\.\d+ to \d+\.\d+\)$/m);
    expect(Number(/largest difference (\S+)/.exec(table)?.[1])).toBeLessThan(1e-4);
  }
}, 300_000);
