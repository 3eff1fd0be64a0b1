import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { type CheckpointStage, loadCheckpoint } from '../../src/run/checkpoint.ts';
import { runFiles } from '../../src/run/folder.ts';
import { folderStore } from '../../src/run/folderStore.ts';

let run = '';
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-checkpoint-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const STAGES = new Map<string, CheckpointStage>([
  ['detector', { iterations: 9, slabs: new Map(Object.entries({ parameters: 3, m: 3 })) }],
  ['regressor', { iterations: 4, slabs: new Map([['head', 2]]) }],
]);
const save = async (said: Record<string, string>, lengths: Record<string, number>): Promise<void> => {
  const tensors = new Map(
    Object.entries(lengths).map(([name, length]) => [
      name,
      { shape: [length], data: new Float32Array(length).fill(0.5) },
    ]),
  );
  await writeSafetensors(runFiles(run).checkpoint, tensors, { configHash: 'own', ...said });
};
const WHOLE = { parameters: 3, m: 3 };

it('reads a checkpoint of the run as it was saved', async () => {
  expect(await loadCheckpoint(folderStore(run), ['own'], STAGES)).toBeNull();
  for (const step of [0, 7, 9]) {
    await save({ stage: 'detector', step: `${step}` }, WHOLE);
    const checkpoint = await loadCheckpoint(folderStore(run), ['own'], STAGES);
    expect(checkpoint).toMatchObject({ stage: 'detector', step });
    expect(checkpoint!.slabs.get('m')).toEqual(Float32Array.of(0.5, 0.5, 0.5));
  }
});

it.each<[Record<string, string>, Record<string, number>, string]>([
  [{ stage: 'detector', step: 'x' }, WHOLE, 'its step expects a whole number from 0 to 9, got "x"'],
  [{ stage: 'detector' }, WHOLE, 'its step expects a whole number from 0 to 9, got ""'],
  [{ stage: 'detector', step: '-5' }, WHOLE, 'got "-5"'],
  [{ stage: 'detector', step: '1.5' }, WHOLE, 'got "1.5"'],
  [{ stage: 'detector', step: '1e0' }, WHOLE, 'got "1e0"'],
  [{ stage: 'detector', step: '10' }, WHOLE, 'from 0 to 9, got "10"'],
  [{ stage: 'detector', step: 'Infinity' }, WHOLE, 'got "Infinity"'],
  [{ stage: 'regressor', step: '5' }, { head: 2 }, 'from 0 to 4, got "5"'],
  [
    { stage: 'constructor', step: '1' },
    WHOLE,
    'its stage expects one of detector, regressor, got "constructor"',
  ],
  [{ step: '1' }, WHOLE, 'its stage expects one of detector, regressor, got ""'],
  [{ stage: 'detector', step: '1' }, { parameters: 3 }, 'does not fit this run: missing m [3]'],
  [{ stage: 'detector', step: '1' }, { ...WHOLE, m: 2 }, 'm expects [3], got [2]'],
  [{ stage: 'detector', step: '1' }, { ...WHOLE, m: 0 }, 'm expects [3], got [0]'],
  [
    { stage: 'detector', step: '1' },
    { ...WHOLE, 'encoder parameters': 4 },
    'unexpected encoder parameters [4]',
  ],
  [{ stage: 'regressor', step: '1' }, WHOLE, 'missing head [2]; unexpected '],
])('refuses a checkpoint that was changed: %j, %j', async (said, lengths, message) => {
  await save(said, lengths);
  await expect(loadCheckpoint(folderStore(run), ['own'], STAGES)).rejects.toMatchObject({
    code: 'E_WEIGHTS',
    message: expect.stringContaining(`${runFiles(run).checkpoint}: `),
    fix: expect.stringContaining('remove it'),
  });
  await expect(loadCheckpoint(folderStore(run), ['own'], STAGES)).rejects.toThrow(message);
});
