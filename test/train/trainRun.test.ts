import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageLoader, scanDataset, synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { initialize } from '../../src/nn/init.ts';
import { collectTargets, type Targets } from '../../src/train/collect.ts';
import type { RunConfig } from '../../src/train/config.ts';
import { detectorInputs } from '../../src/train/detectorInputs.ts';
import { loadWeights } from '../../src/train/encoderWeights.ts';
import { runLayouts } from '../../src/train/layouts.ts';
import { openSession } from '../../src/train/session.ts';
import { type Stage, trainRun } from '../../src/train/trainRun.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-train-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 4, test: 2, size: 64, seed: 3 });
  config = {
    version: '0',
    method: 'revdist',
    encoder: 'resnet18_w16',
    weights: 'embedded',
    align: ['cada', 'class', 'classifier'],
    size: 64,
    batch: 4,
    iterations: 13,
    alignIterations: 23,
    lr: 2e-3,
    seed: 0,
    data,
    smoothing: 'author',
    scoreFraction: 0.01,
    adapter: '',
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
    signal: stop.signal,
    onProgress: (now, report) => {
      if (now === stage && report.step >= step) stop.abort();
    },
  });
}

describe('a training stopped in each of its stages, some of them twice', () => {
  it(
    'ends with the bytes of one that was not',
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
    'stopped in each stage ends with the bytes of one that was not; its encoder has moved, the frozen one has not',
    async () => {
      expect(await train('contrast', false)).toBe(true);
      expect(await train('contrasts', false, 'detector', 1)).toBe(false);
      expect(await train('contrasts', true, 'regressor_std', 1)).toBe(false);
      expect(await train('contrasts', true)).toBe(true);
      expect((await weightsOf('contrasts')).equals(await weightsOf('contrast'))).toBe(true);
      const { tensors } = await readWeights(join(root, 'contrast', 'weights.safetensors'));
      const start = await loadWeights('embedded', 'encoder');
      for (const [name, { data }] of start) {
        expect(tensors.get(name.replace('encoder', 'encoder_freeze'))!.data, name).toEqual(data);
        expect(tensors.get(name)!.data, name).not.toEqual(data);
      }
    },
    SLOW,
  );
});

describe('a training set whose features do not fit into memory', () => {
  it(
    'is read from its images, with the same numbers',
    async () => {
      const { train } = await scanDataset(config.data);
      const paths = train.map(({ path }) => path);
      const layouts = runLayouts(config, 2);
      const loader = new ImageLoader({ size: config.size });
      const session = await openSession();
      const [encoder, detector] = layouts.parts;
      session.load(encoder!, await loadWeights('embedded', 'encoder'));
      session.load(detector!, initialize([...detector!.parameters.specs, ...detector!.buffers.specs], 0));
      const targets = async (limit: number): Promise<[string, Targets]> => {
        const inputs = await detectorInputs(session, config, layouts, loader, paths, () => {}, limit);
        return [
          inputs.source,
          await collectTargets(session, config, layouts, inputs, paths.length, () => {}),
        ];
      };
      const [cached, kept] = await targets(2 ** 30);
      const [direct, images] = await targets(0);
      expect([cached, direct]).toEqual(['frozen', 'images']);
      for (const name of ['features', 'u', 'gamma'] as const) {
        images[name].forEach((value, i) => {
          expect(Math.abs(value - kept[name][i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
        });
      }
      await loader.close();
      session.close();
    },
    SLOW,
  );
});
