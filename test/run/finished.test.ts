import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { writeReport } from '../../src/report/writeReport.ts';
import { configHash, placelessHash } from '../../src/run/configHash.ts';
import { isTrained, readFinishedRun } from '../../src/run/finished.ts';
import { runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { testRun } from '../../src/score/testRun.ts';
import { thresholdRun } from '../../src/score/thresholdRun.ts';
import { wgad } from '../cli/wgad.ts';

const CONFIG: RunConfig = {
  version: '0.1.0',
  method: 'revdist',
  encoder: 'resnet18_w16',
  weights: 'embedded',
  weightsSha256: 'aa',
  align: ['cada'],
  size: 64,
  batch: 4,
  iterations: 2,
  alignIterations: 3,
  lr: 0.002,
  seed: 0,
  data: '/photos',
  smoothing: 'author',
  scoreFraction: 0.01,
  contaminate: { fraction: 0.5, images: ['b', 'a'] },
  adapter: 'llvmpipe',
};
/** That of CONFIG as it was computed when hashes went by the order of the settings. */
const EARLY_HASH = 'e1c720255f09328a';
const hashesOf = (config: RunConfig) => ({
  configHash: configHash(config),
  placelessHash: placelessHash(config),
});

let run = '';
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-finished-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

/** Weights that say `metadata` beside a configuration. */
async function put(metadata: Record<string, string>, config: object): Promise<void> {
  await writeSafetensors(runFiles(run).weights, new Map(), metadata);
  await writeFile(runFiles(run).config, JSON.stringify(config));
}

const REFUSED = /config\.json: is not the configuration that .*weights\.safetensors was trained with/;

it('a finished run has the configuration its weights were trained with, in whatever order and wherever its data and adapter are', async () => {
  const reversed = Object.fromEntries(Object.entries(CONFIG).reverse());
  reversed.contaminate = { images: ['b', 'a'], fraction: 0.5 };
  for (const config of [
    CONFIG,
    reversed,
    { ...CONFIG, data: '/moved' },
    { ...CONFIG, adapter: 'another', tuning: 'x' },
  ]) {
    await put(hashesOf(CONFIG), config);
    expect(await readFinishedRun(run)).toEqual(config);
    expect(await isTrained(run, config as RunConfig)).toBe(true);
  }
});

it('a configuration is refused where anything else was edited, or the weights are of another run', async () => {
  for (const edit of [{ size: 128 }, { smoothing: 'scipy' }, { scoreFraction: 0 }, { align: ['cada-std'] }]) {
    await put(hashesOf(CONFIG), { ...CONFIG, ...edit });
    await expect(readFinishedRun(run)).rejects.toThrow(REFUSED);
    await expect(readFinishedRun(run)).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(await isTrained(run, { ...CONFIG, ...edit } as RunConfig)).toBe(false);
  }
  await put(hashesOf({ ...CONFIG, seed: 1 }), CONFIG);
  await expect(readFinishedRun(run)).rejects.toThrow(REFUSED);
});

it('a configuration of an earlier version is taken as it was written', async () => {
  await put({ configHash: EARLY_HASH }, CONFIG);
  expect(await readFinishedRun(run)).toEqual(CONFIG);
  await put({ configHash: EARLY_HASH }, { ...CONFIG, size: 128 });
  await expect(readFinishedRun(run)).rejects.toThrow(REFUSED);
  await put({}, { ...CONFIG, size: 128 });
  expect((await readFinishedRun(run)).size).toBe(128);
});

it('the configuration is checked by all that scores, before a device is opened', async () => {
  await put(hashesOf(CONFIG), { ...CONFIG, smoothing: 'none' });
  await writeFile(runFiles(run).results, '{}');
  await expect(testRun({ run })).rejects.toThrow(REFUSED);
  await expect(thresholdRun({ run, rate: 0.1 })).rejects.toThrow(REFUSED);
  await expect(writeReport({ run })).rejects.toThrow(REFUSED);
  const { code, stderr } = await wgad(['predict', run, run]);
  expect(stderr).toMatch(REFUSED);
  expect(stderr).toMatch(/\n {2}fix: put back the file/);
  expect(code).toBe(2);
});

it('a finished run that was not tested cannot be reported', async () => {
  await put(hashesOf(CONFIG), CONFIG);
  await expect(writeReport({ run })).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining('results.json'),
    fix: expect.stringContaining('run `wgad test` on this run first'),
  });
});
