import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { planCells } from '../../src/reproduce/cells.ts';
import { runCells, type Workers } from '../../src/reproduce/run.ts';
import { TABLES } from '../../src/reproduce/tables.ts';
import { configHash, differences } from '../../src/run/configHash.ts';
import { isTrained } from '../../src/run/finished.ts';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { loadWeights } from '../../src/weights/encoder.ts';
import { weightsChecksum } from '../../src/weights/source.ts';
import { ONE_DEVICE } from '../parking.ts';
import { ALL_SETS, SETTINGS } from '../reproduce/settings.ts';
import { SMALL_CONFIG } from './smallConfig.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
let root = '';
let config: RunConfig;
const encoder = (): string => join(root, 'encoder.safetensors');

/** Writes the encoder under the same path as before, its first tensor `scale` times what ships. */
async function writeEncoder(scale: number): Promise<string> {
  const tensors = await loadWeights(embeddedPath('resnet18_w16'), 'encoder');
  const [[name, first]] = [...tensors] as [[string, { shape: number[]; data: Float32Array }]];
  tensors.set(name, { ...first, data: first.data.map((value) => scale * value) });
  await writeSafetensors(encoder(), tensors);
  return (await weightsChecksum('resnet18_w16', encoder()))!;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-changed-'));
  await synthesize({ out: join(root, 'data'), classes: 2, train: 4, test: 2, size: 64, seed: 3 });
  config = {
    ...SMALL_CONFIG,
    weights: encoder(),
    weightsSha256: await writeEncoder(1),
    align: ['cada'],
    iterations: 13,
    alignIterations: 8,
    data: join(root, 'data'),
  };
}, SLOW);
afterAll(() => rm(root, { recursive: true, force: true }));

const run = (name: string): string => join(root, name);

/** Trains; with `until` it stops after so many steps of the detector. */
async function train(name: string, how: RunConfig, resume: boolean, until?: number): Promise<boolean> {
  const stop = new AbortController();
  return trainRun({
    run: run(name),
    config: how,
    resume,
    gpu: ONE_DEVICE,
    signal: stop.signal,
    onProgress: (stage, { step }) => {
      if (stage === 'detector' && until !== undefined && step >= until) stop.abort();
    },
  });
}

describe('an encoder that was trained again under the same path', () => {
  it(
    'an encoder trained again is seen when a run is resumed: refused, and the run stays as it was',
    async () => {
      expect(await train('begun', config, false, 1)).toBe(false);
      const before = await readFile(runFiles(run('begun')).config, 'utf8');
      const changed = { ...config, weightsSha256: await writeEncoder(1.5) };
      await expect(train('begun', changed, true)).rejects.toThrow(
        `holds a run with another configuration: the file of the encoder's weights, ${encoder()}, has changed`,
      );
      expect(await readFile(runFiles(run('begun')).config, 'utf8')).toBe(before);
      expect(await writeEncoder(1)).toBe(config.weightsSha256);
      expect(await train('begun', config, true)).toBe(true);
      expect(await isTrained(run('begun'), config)).toBe(true);
      expect(await isTrained(run('begun'), changed)).toBe(false);
    },
    SLOW,
  );

  it(
    'runs older than the encoder’s checksum go on without it, to the same weights',
    async () => {
      const { weightsSha256: _, ...old } = config;
      expect(await train('old', old, false, 1)).toBe(false);
      expect((await readRunConfig(run('old'))).weightsSha256).toBeUndefined();
      expect(await train('old', config, true)).toBe(true);
      const [mine, whole] = await Promise.all(
        ['old', 'begun'].map(async (name) => (await readWeights(runFiles(run(name)).weights)).tensors),
      );
      expect(mine).toEqual(whole);
      // A finished one is not trained again.
      expect(await train('older', old, false)).toBe(true);
      expect(await isTrained(run('older'), config)).toBe(true);
    },
    SLOW,
  );

  it('an encoder trained again is seen by reproduce, before anything is done', async () => {
    const out = run('out');
    const plan = (weightsSha256: string) =>
      planCells(TABLES.table4.entries, ALL_SETS, { ...SETTINGS, weightsSha256 }, out);
    const [first] = plan('aa');
    const { folder, config: own } = first!.cells[0]!.job;
    await trainedBefore(folder, own);
    const workers = { signal: new AbortController().signal, say() {} } as unknown as Workers;
    await expect(runCells(plan('bb'), workers)).rejects.toThrow(
      `lie in ${folder} (the file of the encoder's weights, embedded, has changed)`,
    );
  });
});

async function trainedBefore(folder: string, own: RunConfig): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(runFiles(folder).config, JSON.stringify(own));
}

it('what differs between two runs is said by name', () => {
  expect(differences(config, { ...config, adapter: 'another' })).toEqual([]);
  expect(differences(config, { ...config, lr: 1, align: ['class'] })).toEqual([
    'align was ["cada"], not ["class"]',
    'lr was 0.002, not 1',
  ]);
  expect(differences(config, { ...config, adamEps: 1e-10 })).toEqual(['adamEps was 1e-8, not 1e-10']);
  expect(configHash({ ...config, adapter: 'another', tuning: 'x', memoryRows: 3 })).toBe(configHash(config));
});
