import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import type { Alignment } from '../../src/methods/alignments/index.ts';
import { DETECTORS } from '../../src/methods/detectors.ts';
import { runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { ScoredImage } from '../../src/score/scoredImage.ts';
import type { Scorer } from '../../src/score/scorerOn.ts';
import type { Results } from '../../src/score/testRun.ts';
import type { Stage } from '../../src/train/training.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { ONE_DEVICE } from '../parking.ts';

/** Where a training is stopped: as soon as `stage` has reported at least `step` steps; absent: it is not. */
export interface StopAt {
  readonly stage: Stage;
  readonly step: number;
}

/** Runs of one method on ten drawn images of two classes, for the tests of one file. */
export interface SmallRuns {
  /** Once the tests run. */
  readonly config: RunConfig;
  folder(run: string): string;
  /** False where it was stopped. */
  train(run: string, how: { resume: boolean; stop?: StopAt; change?: Partial<RunConfig> }): Promise<boolean>;
  weights(run: string): Promise<Buffer>;
}

/** @param own what differs from the method's defaults on the embedded encoder, 64 px, batches of 4. */
export function smallRuns(
  method: RunConfig['method'],
  own: Partial<RunConfig> & Pick<RunConfig, 'align'>,
  slow: number,
): SmallRuns {
  const { defaults } = DETECTORS[method];
  let root = '';
  let config: RunConfig;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), `wgad-${method}-`));
    const data = join(root, 'data');
    await synthesize({ out: data, classes: 2, train: 5, test: 4, size: 80, seed: 3 });
    config = {
      version: '0',
      method,
      encoder: 'resnet18_w16',
      weights: 'embedded',
      size: 64,
      batch: 4,
      iterations: 12,
      alignIterations: 12,
      lr: defaults.optimiser.lr,
      seed: 0,
      data,
      smoothing: defaults.smoothing,
      scoreFraction: defaults.scoreFraction,
      adapter: '',
      ...own,
    };
  }, slow);
  afterAll(() => rm(root, { recursive: true, force: true }));
  const folder = (run: string): string => join(root, run);
  return {
    get config() {
      return config;
    },
    folder,
    train(run, { resume, stop, change }) {
      const controller = new AbortController();
      return trainRun({
        run: folder(run),
        config: { ...config, ...change },
        resume,
        gpu: ONE_DEVICE,
        signal: controller.signal,
        onProgress: (stage, report) => {
          if (stage === stop?.stage && report.step >= stop.step) controller.abort();
        },
      });
    },
    weights: (run) => readFile(runFiles(folder(run)).weights),
  };
}

/** Both unified protocols have every alignment, each with the four metrics. */
export function expectMetrics({ protocols }: Results, align: readonly Alignment[]): void {
  for (const protocol of ['absolute-unified', 'model-unified'] as const) {
    const of = protocols[protocol];
    expect(Object.keys(of).sort()).toEqual([...align].sort());
    for (const each of align) {
      const metrics = 'mean' in of[each]! ? of[each]!.mean : of[each]!;
      for (const name of ['iAuroc', 'iAp', 'pAuroc', 'pAp'] as const) {
        expect(metrics[name], `${protocol} ${each} ${name}`).toBeGreaterThan(0);
      }
    }
  }
}

/** What a run makes of one image of 64 px that has waves; closes the scorer. */
export async function scoreWaves(scorer: Scorer): Promise<ScoredImage> {
  const image = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => 128 + 60 * Math.sin(i / 9));
  const [scored] = await scorer.score([image], [0]);
  scorer.close();
  return scored!;
}
