import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/cada.ts';
import { CFA_DEFAULTS } from '../../src/methods/cfa.ts';
import type { RunConfig } from '../../src/train/config.ts';
import { runFiles } from '../../src/train/runFolder.ts';
import { openScorer } from '../../src/train/scorer.ts';
import { testRun } from '../../src/train/testRun.ts';
import { type Stage, trainRun } from '../../src/train/trainRun.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-cfa-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 5, test: 4, size: 80, seed: 3 });
  config = {
    version: '0',
    method: 'cfa',
    encoder: 'resnet18_w16',
    weights: 'embedded',
    align: ALIGNMENTS,
    size: 64,
    resize: 73,
    batch: 4,
    iterations: 12,
    alignIterations: 12,
    lr: CFA_DEFAULTS.optimiser.lr,
    seed: 0,
    data,
    smoothing: CFA_DEFAULTS.smoothing,
    scoreFraction: CFA_DEFAULTS.scoreFraction,
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

describe('CFA', () => {
  it(
    'stopped in three stages, once with its centres lost, ends with the bytes of a run that was not',
    async () => {
      expect(await trainUntil('whole', false)).toBe(true);
      expect(await trainUntil('parts', false, 'memory', 1)).toBe(false);
      expect(await trainUntil('parts', true, 'detector', 1)).toBe(false);
      await rm(runFiles(join(root, 'parts')).memory);
      expect(await trainUntil('parts', true, 'regressor', 1)).toBe(false);
      expect(await trainUntil('parts', true)).toBe(true);
      expect((await weightsOf('parts')).equals(await weightsOf('whole'))).toBe(true);
      const { tensors } = await readWeights(runFiles(join(root, 'whole')).weights);
      expect(tensors.get('memory.centres')!.shape).toEqual([256, 112]);
      // The radius is trained: AdamW's first steps are as long as the rate.
      expect(tensors.get('descriptor.r')!.data[0]).toBeGreaterThan(0.005);
    },
    SLOW,
  );

  it(
    'is tested under every alignment and protocol, and scores an image by the maximum of its smoothed map',
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
      const scorer = await openScorer(run, { ...config, memoryRows: 256 }, { alignments: ['none', 'cada'] });
      const images = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i / 9));
      const [scored] = await scorer.score(images, [0]);
      scorer.close();
      for (const [align, map] of scored!.maps) expect(scored!.scores.get(align)).toBe(Math.max(...map));
    },
    SLOW,
  );
});
