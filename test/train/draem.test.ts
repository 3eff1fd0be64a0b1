import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/cada.ts';
import { DRAEM_DEFAULTS } from '../../src/methods/draem.ts';
import { drawnAt } from '../../src/train/batches.ts';
import { checkConfig, type RunConfig } from '../../src/train/config.ts';
import { runFiles } from '../../src/train/runFolder.ts';
import { openScorer } from '../../src/train/scorer.ts';
import { testRun } from '../../src/train/testRun.ts';
import { type Stage, trainRun } from '../../src/train/trainRun.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 1_200_000;

let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-draem-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 5, test: 4, size: 80, seed: 3 });
  config = {
    version: '0',
    method: 'draem',
    encoder: 'none',
    weights: 'none',
    align: ALIGNMENTS,
    size: 64,
    batch: 4,
    iterations: 12,
    alignIterations: 12,
    lr: DRAEM_DEFAULTS.optimiser.lr,
    width: 8,
    seed: 0,
    data,
    smoothing: DRAEM_DEFAULTS.smoothing,
    scoreFraction: DRAEM_DEFAULTS.scoreFraction,
    adapter: '',
  };
}, SLOW);
afterAll(() => rm(root, { recursive: true, force: true }));

/** Trains until `stage` has reported at least `step` steps. */
function trainUntil(
  run: string,
  {
    resume,
    stage,
    step = 0,
    ...changed
  }: { resume: boolean; stage?: Stage; step?: number } & Partial<RunConfig>,
): Promise<boolean> {
  const stop = new AbortController();
  return trainRun({
    run: join(root, run),
    config: { ...config, ...changed },
    resume,
    signal: stop.signal,
    onProgress: (now, report) => {
      if (now === stage && report.step >= step) stop.abort();
    },
  });
}

const weightsOf = (run: string): Promise<Buffer> => readFile(runFiles(join(root, run)).weights);

describe('DRAEM', () => {
  it(
    'stopped in each stage ends with the bytes of a run that was not',
    async () => {
      expect(await trainUntil('whole', { resume: false })).toBe(true);
      expect(await trainUntil('parts', { resume: false, stage: 'detector', step: 1 })).toBe(false);
      expect(await trainUntil('parts', { resume: true, stage: 'detector', step: 11 })).toBe(false);
      expect(await trainUntil('parts', { resume: true, stage: 'regressor', step: 1 })).toBe(false);
      expect(await trainUntil('parts', { resume: true })).toBe(true);
      expect((await weightsOf('parts')).equals(await weightsOf('whole'))).toBe(true);
      const { tensors } = await readWeights(runFiles(join(root, 'whole')).weights);
      expect(tensors.get('reconstruction.encoder.block5.3.weight')!.shape).toEqual([64, 64, 3, 3]);
      expect(tensors.get('discrimination.decoder.out.weight')!.shape).toEqual([2, 4, 3, 3]);
    },
    SLOW,
  );

  it(
    'learns something else from anomalies of another folder, and refuses one without images',
    async () => {
      const short = { resume: false, align: [], iterations: 3 } as const;
      await trainUntil('drawn', short);
      await trainUntil('textures', { ...short, textures: config.data });
      expect((await weightsOf('textures')).equals(await weightsOf('drawn'))).toBe(false);
      await expect(trainUntil('none', { ...short, textures: join(root, 'drawn') })).rejects.toThrow(
        /drawn holds no image/,
      );
      expect(existsSync(join(root, 'none'))).toBe(false);
    },
    SLOW,
  );

  it(
    'is tested under every alignment and protocol, and scores an image by the highest mean of 21 x 21 pixels',
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
      const scorer = await openScorer(run, config, { alignments: ['none', 'cada'] });
      const images = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i / 9));
      const [scored] = await scorer.score(images, [0]);
      scorer.close();
      for (const [align, map] of scored!.maps) {
        const want = highestMean(map, 64);
        expect(Math.abs(scored!.scores.get(align)! - want), align).toBeLessThan(
          1e-5 * Math.max(1, Math.abs(want)),
        );
      }
    },
    SLOW,
  );

  it('says what is wrong with its own options, all of it, and that others have none of them', () => {
    const textures = '/textures';
    expect(() => checkConfig(config)).not.toThrow();
    const odd = { ...config, width: 7, encoder: 'resnet18', smoothing: 'box', resample: 'area' } as unknown;
    expect(() => checkConfig(odd as RunConfig)).toThrow(
      /resample expects one of pil, opencv, got area; .*encoder expects one of none for draem, got resnet18; .*width expects an even number of at least 2 for draem, got 7/,
    );
    const other = {
      ...config,
      method: 'revdist',
      encoder: 'resnet18',
      scoreFraction: 0,
      width: 8,
      textures,
    } as const;
    expect(() => checkConfig(other)).toThrow(
      'width is for methods with networks of their own width, not for revdist; textures is for methods that learn from drawn anomalies, not for revdist',
    );
  });

  it('draws images with replacement, by seed and step alone', () => {
    expect(drawnAt(1, 5, 10, 8)).toEqual(drawnAt(1, 5, 10, 8));
    const all = Array.from({ length: 200 }, (_, step) => drawnAt(1, step, 10, 8)).flat();
    for (let i = 0; i < 10; i++) {
      expect(Math.abs(all.filter((each) => each === i).length - 160)).toBeLessThan(50);
    }
    expect(drawnAt(1, 0, 3, 8)).toHaveLength(8);
  });
});

/** Of windows of 21 x 21 around every pixel, zeros beyond the border. */
function highestMean(map: Float32Array, side: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let sum = 0;
      for (let y = Math.max(0, row - 10); y <= Math.min(side - 1, row + 10); y++) {
        for (let x = Math.max(0, column - 10); x <= Math.min(side - 1, column + 10); x++)
          sum += map[y * side + x]!;
      }
      highest = Math.max(highest, sum / 441);
    }
  }
  return highest;
}
