import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runFiles } from '../../src/run/folder.ts';
import { runLog } from '../../src/run/log.ts';
import { noSmallDisk, withSmallDisk } from '../faults/smallDisk.ts';

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

it.runIf(process.platform === 'linux').each([false, true])(
  'does not wait for a pipe in its place; somebody reads it: %s',
  async (isRead) => {
    const run = await mkdtemp(join(tmpdir(), 'wgad-log-'));
    const { log: path } = runFiles(run);
    execFileSync('mkfifo', [path]);
    const reader = isRead ? await open(path, constants.O_RDWR) : null;
    const said: string[] = [];
    const log = runLog(run, (text) => said.push(text));
    for (let step = 0; step < 3; step++) log.write({ step });
    await log.settled();
    expect(said).toEqual([
      expect.stringMatching(/log\.jsonl: a line could not be written, training goes on: /),
    ]);
    await reader?.close();
  },
);

const why = await noSmallDisk();
it.skipIf(why)(`a line that finds room for a part is not there at all${why ? ` (${why})` : ''}`, () =>
  withSmallDisk(async (disk) => {
    const said: string[] = [];
    const log = runLog(disk.path(), (text) => said.push(text));
    log.write({ step: 0 });
    await log.settled();
    await disk.leaveBytes(4096);
    log.write({ note: 'x'.repeat(20_000) });
    log.write({ step: 1 });
    await log.settled();
    expect(said).toHaveLength(1);
    expect(await readFile(runFiles(disk.path()).log, 'utf8')).toBe('{"step":0}\n{"step":1}\n');
  }),
);
