import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runFiles } from '../../src/train/runFolder.ts';
import { runLog } from '../../src/train/runLog.ts';

it('writes its lines in order', async () => {
  const run = await mkdtemp(join(tmpdir(), 'wgad-log-'));
  const log = runLog(run, () => {});
  for (let step = 0; step < 50; step++) log.write({ step });
  await log.settled();
  const lines = (await readFile(runFiles(run).log, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).step)).toEqual([...Array(50).keys()]);
});

it('says once that it cannot be written, and fails nothing', async () => {
  const run = await mkdtemp(join(tmpdir(), 'wgad-log-'));
  const said: string[] = [];
  const log = runLog(run, (text) => said.push(text));
  await rm(run, { recursive: true });
  for (let step = 0; step < 5; step++) log.write({ step });
  await log.settled();
  expect(said).toEqual([
    expect.stringMatching(/log\.jsonl: a line could not be written, training goes on: /),
  ]);
});
