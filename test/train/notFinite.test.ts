import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { embeddedPath } from '../../src/train/embeddedEncoders.ts';
import { loadWeights } from '../../src/train/encoderWeights.ts';
import { trainRun } from '../../src/train/trainRun.ts';

const SLOW = 600_000;

const root = await mkdtemp(join(tmpdir(), 'wgad-not-finite-'));
afterAll(() => rm(root, { recursive: true, force: true }));

/** A square root of a negative number is NaN; an activation that made 0 of it would let the network train on zeros. */
it(
  'stops the training of a network whose running variance is negative',
  async () => {
    const weights = new Map(await loadWeights(embeddedPath('resnet18_w16'), 'encoder'));
    const name = [...weights.keys()].find((each) => each.endsWith('layer1.0.bn1.running_var'))!;
    const { shape, data } = weights.get(name)!;
    weights.set(name, { shape, data: data.map((_, channel) => (channel === 0 ? -1 : 1)) });
    const path = join(root, 'encoder.safetensors');
    await writeSafetensors(path, weights);
    const data64 = join(root, 'data');
    await synthesize({ out: data64, classes: 1, train: 2, test: 1, size: 64, seed: 3 });
    const training = trainRun({
      run: join(root, 'run'),
      config: {
        version: '0',
        method: 'revdist',
        encoder: 'resnet18_w16',
        weights: path,
        align: ['none'],
        size: 64,
        batch: 2,
        iterations: 3,
        alignIterations: 0,
        lr: 2e-3,
        seed: 0,
        data: data64,
        smoothing: 'author',
        scoreFraction: 0.01,
        adapter: '',
      },
      resume: false,
      signal: new AbortController().signal,
    });
    await expect(training).rejects.toMatchObject({ code: 'E_NOT_FINITE' });
  },
  SLOW,
);
