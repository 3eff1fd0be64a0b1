import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, FileError, GpuError, type WgadError } from '../../src/errors.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { type GoOn, resumable } from '../../src/run/checkpoint.ts';
import { folderStore } from '../../src/run/folderStore.ts';

let run = '';
let empty = '';
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-going-on-'));
  empty = join(run, 'empty');
  const tensors = new Map([['slab', { shape: [1], data: new Float32Array(1) }]]);
  await writeSafetensors(join(run, 'checkpoint.safetensors'), tensors, { stage: 'detector', step: '7' });
});
afterAll(() => rm(run, { recursive: true, force: true }));

const lost = new GpuError('E_DEVICE_LOST', 'the GPU device was lost (unknown): for a test', {
  fix: 'run it again',
});
const full = new FileError('x: cannot be written: no space is left', { fix: 'make room there' });

it.each([
  ['resume', /^go on with --resume: .*checkpoint\.safetensors is intact: detector after step 7$/],
  ['again', /^the same command goes on: .*checkpoint\.safetensors is intact: detector after step 7$/],
  ['page', /^choose Go on: .*checkpoint\.safetensors is intact: detector after step 7$/],
  ['anew', /^run it again: it starts anew$/],
] as const)(
  'a training that is gone on with by %s says so where its device is lost or its disk full',
  async (goOn: GoOn, fix) => {
    const [gone, unwritten] = (await Promise.all(
      [lost, full].map((error) => resumable(folderStore(run), goOn, error)),
    )) as WgadError[];
    expect(gone).toMatchObject({ code: 'E_DEVICE_LOST', message: lost.message });
    expect(gone!.fix).toMatch(fix);
    expect(unwritten).toMatchObject({ code: 'E_FILE', message: full.message });
    expect(unwritten!.fix).toMatch(/^make room there; then /);
    expect(unwritten!.fix!.slice('make room there; then '.length)).toMatch(fix);
  },
);

it('says where there is nothing to go on from, and leaves other errors as they are', async () => {
  expect(((await resumable(folderStore(empty), 'resume', lost)) as WgadError).fix).toBe(
    'go on with --resume: no checkpoint had been saved yet',
  );
  const other = new ConfigError('batch expects 2');
  expect(await resumable(folderStore(run), 'again', other)).toBe(other);
});
