import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/cada.ts';
import { patchcore } from '../../src/methods/patchcore.ts';
import { checkConfig, type RunConfig } from '../../src/train/config.ts';
import { readRunConfig, runFiles } from '../../src/train/runFolder.ts';
import { openScorer } from '../../src/train/scorer.ts';
import { testRun } from '../../src/train/testRun.ts';
import { type Stage, trainRun } from '../../src/train/trainRun.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const { defaults } = patchcore;
let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-patchcore-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 5, test: 4, size: 80, seed: 3 });
  config = {
    version: '0',
    method: 'patchcore',
    encoder: 'resnet18_w16',
    weights: 'embedded',
    align: ALIGNMENTS,
    size: 64,
    resize: 73,
    batch: 4,
    iterations: 0,
    alignIterations: 12,
    lr: defaults.optimiser.lr,
    seed: 0,
    data,
    smoothing: defaults.smoothing,
    scoreFraction: null,
    coresetFraction: 0.05,
    adapter: '',
  };
}, SLOW);
afterAll(() => rm(root, { recursive: true, force: true }));

/** Trains until `stage` has reported at least `step` steps. */
function trainUntil(run: string, resume: boolean, stage?: Stage, step = 0): Promise<boolean> {
  const stop = new AbortController();
  return trainRun({
    run: join(root, run),
    config,
    resume,
    signal: stop.signal,
    onProgress: (now, report) => {
      if (now === stage && report.step >= step) stop.abort();
    },
  });
}

describe('PatchCore', () => {
  it(
    'stopped while it picks patches and after, ends with the bytes of a run that was not',
    async () => {
      expect(await trainUntil('whole', false)).toBe(true);
      // 10 images are projected, 32 of their 640 patches picked, and the images seen again.
      expect(await trainUntil('parts', false, 'memory', 20)).toBe(false);
      await expect(readFile(runFiles(join(root, 'parts')).memory)).rejects.toThrow('ENOENT');
      expect(await trainUntil('parts', true, 'regressor', 1)).toBe(false);
      expect(await trainUntil('parts', true)).toBe(true);
      const [whole, parts] = await Promise.all(
        ['whole', 'parts'].map((run) => readFile(runFiles(join(root, run)).weights)),
      );
      expect(parts!.equals(whole!)).toBe(true);
      const { tensors } = await readWeights(runFiles(join(root, 'whole')).weights);
      expect(tensors.get('memory1.rows')!.shape).toEqual([32, 1024]);
      expect((await readRunConfig(join(root, 'whole'))).memoryRows).toBe(32);
    },
    SLOW,
  );

  it(
    'is tested under every alignment and protocol',
    async () => {
      const run = join(root, 'whole');
      const results = await testRun({ run });
      for (const protocol of ['absolute-unified', 'model-unified'] as const) {
        const of = results.protocols[protocol];
        expect(Object.keys(of).sort()).toEqual([...ALIGNMENTS].sort());
        for (const align of ALIGNMENTS) {
          const metrics = 'mean' in of[align]! ? of[align]!.mean : of[align]!;
          for (const name of ['iAuroc', 'iAp', 'pAuroc', 'pAp'] as const) {
            expect(metrics[name], `${protocol} ${align} ${name}`).toBeGreaterThan(0);
          }
        }
      }
      // The image's score is its farthest patch, which no smoothed map reaches.
      const scorer = await openScorer(run, await readRunConfig(run), { alignments: ['none', 'cada'] });
      const images = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i / 9));
      const [scored] = await scorer.score(images, [0]);
      scorer.close();
      for (const [align, map] of scored!.maps) {
        expect(scored!.scores.get(align)).toBeGreaterThan(Math.max(...map));
      }
    },
    SLOW,
  );

  it('refuses what it cannot have, all at once', () => {
    expect(() => checkConfig({ ...config, iterations: 3, coresetFraction: 0, preset: 'none' })).toThrow(
      'preset expects one of anomalib for patchcore, got none; iterations expects 0 for patchcore, which is not trained by steps, got 3; coresetFraction expects more than 0 and at most 1, got 0',
    );
    expect(() => checkConfig({ ...config, method: 'cfa', iterations: 3, scoreFraction: 0 })).toThrow(
      'coresetFraction is for methods that remember patches, not for cfa',
    );
  });
});
