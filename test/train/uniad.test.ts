import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { UNIAD_DEFAULTS } from '../../src/methods/uniad.ts';
import type { RunConfig } from '../../src/train/config.ts';
import { runFiles } from '../../src/train/runFolder.ts';
import { testRun } from '../../src/train/testRun.ts';
import { type Stage, trainRun } from '../../src/train/trainRun.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-uniad-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 5, test: 4, size: 80, seed: 3 });
  config = {
    version: '0',
    method: 'uniad',
    encoder: 'resnet18_w16',
    weights: 'embedded',
    align: ['none', 'cada', 'class'],
    size: 64,
    batch: 4,
    iterations: 12,
    alignIterations: 12,
    lr: UNIAD_DEFAULTS.optimiser.lr,
    seed: 0,
    data,
    smoothing: UNIAD_DEFAULTS.smoothing,
    scoreFraction: UNIAD_DEFAULTS.scoreFraction,
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

const weightsOf = (run: string): Promise<Buffer> => readFile(runFiles(join(root, run)).weights);

describe('UniAD', () => {
  it(
    'stopped in each stage, with dropout and jitter, ends with the bytes of a run that was not',
    async () => {
      expect(await trainUntil('whole', false)).toBe(true);
      expect(await trainUntil('parts', false, 'detector', 3)).toBe(false);
      expect(await trainUntil('parts', true, 'regressor', 1)).toBe(false);
      expect(await trainUntil('parts', true)).toBe(true);
      expect((await weightsOf('parts')).equals(await weightsOf('whole'))).toBe(true);
    },
    SLOW,
  );

  it(
    'is tested under each alignment and protocol',
    async () => {
      const { protocols } = await testRun({ run: join(root, 'whole') });
      for (const protocol of ['model-unified', 'absolute-unified'] as const) {
        const of = protocols[protocol];
        expect(Object.keys(of).sort()).toEqual([...config.align].sort());
        for (const align of config.align) {
          const metrics = 'mean' in of[align]! ? of[align]!.mean : of[align]!;
          for (const name of ['iAuroc', 'iAp', 'pAuroc', 'pAp'] as const) {
            expect(metrics[name], `${protocol} ${align} ${name}`).toBeGreaterThan(0);
          }
        }
      }
    },
    SLOW,
  );
});
