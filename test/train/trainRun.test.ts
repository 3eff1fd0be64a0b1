import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { featureFile } from '../../src/train/featureFile.ts';
import type { Stage } from '../../src/train/training.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { loadWeights } from '../../src/weights/encoder.ts';
import { ONE_DEVICE } from '../parking.ts';
import { SMALL_CONFIG } from '../run/smallConfig.ts';
import { countCreations } from '../runtime/creations.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-train-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 4, test: 2, size: 64, seed: 3 });
  config = {
    ...SMALL_CONFIG,
    align: ['cada', 'class', 'classifier'],
    iterations: 13,
    alignIterations: 23,
    data,
  };
}, SLOW);
afterAll(() => rm(root, { recursive: true, force: true }));

const weightsOf = (run: string): Promise<Buffer> => readFile(join(root, run, 'weights.safetensors'));

/** Trains until `stage` has reported at least `step` steps. */
async function trainUntil(
  run: string,
  resume: boolean,
  stage?: Stage,
  step = 0,
  more: Partial<RunConfig> = {},
): Promise<boolean> {
  const stop = new AbortController();
  return trainRun({
    run: join(root, run),
    config: { ...config, ...more },
    resume,
    gpu: ONE_DEVICE,
    signal: stop.signal,
    onProgress: (now, report) => {
      if (now === stage && report.step >= step) stop.abort();
    },
  });
}

describe('a training stopped in each of its stages, some of them twice', () => {
  it(
    'a training stopped in each of its stages, some of them twice, ends with the bytes of one that was not',
    async () => {
      expect(await trainUntil('whole', false)).toBe(true);
      expect(await trainUntil('parts', false, 'detector', 1)).toBe(false);
      expect(await trainUntil('parts', true, 'detector', 11)).toBe(false);
      expect(await trainUntil('parts', true, 'regressor', 1)).toBe(false);
      expect(await trainUntil('parts', true, 'regressor', 11)).toBe(false);
      expect(await trainUntil('parts', true, 'classifier', 11)).toBe(false);
      expect(await trainUntil('parts', true)).toBe(true);
      expect((await weightsOf('parts')).equals(await weightsOf('whole'))).toBe(true);
    },
    SLOW,
  );
});

describe('ReContrast', () => {
  const how = {
    method: 'recontrast',
    encoderLr: 1e-4,
    encoderNorm: 'training',
    align: ['cada', 'cada-std'],
    alignHead: '2-linear',
    alignDropout: 0.5,
  } as const;
  const train = (run: string, resume: boolean, stage?: Stage, step = 0) =>
    trainUntil(run, resume, stage, step, how);

  it(
    'ReContrast stopped in each stage ends with the bytes of one that was not; its encoder has moved, the frozen one has not',
    async () => {
      expect(await train('contrast', false)).toBe(true);
      expect(await train('contrasts', false, 'detector', 1)).toBe(false);
      expect(await train('contrasts', true, 'regressor_std', 1)).toBe(false);
      expect(await train('contrasts', true)).toBe(true);
      expect((await weightsOf('contrasts')).equals(await weightsOf('contrast'))).toBe(true);
      const { tensors } = await readWeights(join(root, 'contrast', 'weights.safetensors'));
      const start = await loadWeights(embeddedPath('resnet18_w16'), 'encoder');
      for (const [name, { data }] of start) {
        expect(tensors.get(name.replace('encoder', 'encoder_freeze'))!.data, name).toEqual(data);
        expect(tensors.get(name)!.data, name).not.toEqual(data);
      }
    },
    SLOW,
  );
});

describe('a training set whose features do not fit into memory', () => {
  it.each([
    ['in a file', 2 ** 30, []],
    [
      'nowhere',
      0,
      [expect.stringMatching(/^features are computed anew at every step: they take 0\.00\d+ GiB/)],
    ],
  ] as const)(
    'features that do not fit into memory are kept %s, and training ends with the same bytes',
    async (_, disk, notes) => {
      const said: string[] = [];
      const run = join(root, `disk ${disk}`);
      const files = new Set<string>();
      const creations = countCreations();
      const at = new Map<string, number>();
      await trainRun({
        run,
        config,
        gpu: ONE_DEVICE,
        features: { memory: 0, disk },
        onNote: (text) => said.push(text),
        // Reading the state back for a checkpoint makes buffers: not within this test.
        saveEvery: 1e6,
        onProgress: (stage, { step }) => {
          at.set(`${stage} ${step}`, creations.count());
          if (stage === 'detector' && step === 1) for (const name of readdirSync(run)) files.add(name);
        },
      });
      creations.stop();
      // From the first step to the last, which are those that report.
      for (const [stage, last] of [
        ['detector', 13],
        ['regressor', 23],
      ] as const) {
        expect(at.get(`${stage} 1`)).toBeGreaterThan(0);
        expect(at.get(`${stage} ${last}`), stage).toBe(at.get(`${stage} 1`));
      }
      expect(said).toEqual(notes);
      expect(files.has(basename(featureFile(run)))).toBe(disk > 0);
      expect((await readdir(run)).filter((name) => name.startsWith('.'))).toEqual([]);
      expect((await weightsOf(`disk ${disk}`)).equals(await weightsOf('whole'))).toBe(true);
    },
    SLOW,
  );
});
