import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { checkConfig } from '../../src/run/config.ts';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import { openScorer } from '../../src/score/scorer.ts';
import { testRun } from '../../src/score/testRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { expectMetrics, scoreWaves, smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const runs = smallRuns(
  'patchcore',
  { align: ALIGNMENTS, resize: 73, iterations: 0, coresetFraction: 0.3 },
  SLOW,
);

describe('PatchCore', () => {
  it(
    'PatchCore stopped while it picks patches and after ends with the bytes of a run that was not',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      // 10 images are projected, 192 of their 640 patches picked in two passes, and the images seen again.
      const { memory, coreset } = runFiles(runs.folder('parts'));
      expect(await runs.train('parts', { resume: false, stop: { stage: 'memory', step: 20 } })).toBe(false);
      await expect(readFile(memory)).rejects.toThrow('ENOENT');
      expect((await readWeights(coreset)).tensors.get('picked')!.shape).toEqual([2, 128]);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'memory', step: 203 } })).toBe(false);
      expect((await readWeights(coreset)).tensors.get('picked')!.shape).toEqual([2, 192]);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'regressor', step: 1 } })).toBe(false);
      await expect(readFile(coreset)).rejects.toThrow('ENOENT');
      expect(await runs.train('parts', { resume: true })).toBe(true);
      expect((await runs.weights('parts')).equals(await runs.weights('whole'))).toBe(true);
      const { tensors } = await readWeights(runFiles(runs.folder('whole')).weights);
      expect(tensors.get('memory1.rows')!.shape).toEqual([192, 1024]);
      expect((await readRunConfig(runs.folder('whole'))).memoryRows).toBe(192);
    },
    SLOW,
  );

  it(
    'PatchCore is tested under every alignment and protocol',
    async () => {
      const run = runs.folder('whole');
      expectMetrics(await testRun({ run, gpu: ONE_DEVICE }), ALIGNMENTS);
      // The image's score is its farthest patch, which no smoothed map reaches.
      const { maps, scores } = await scoreWaves(
        await openScorer(run, await readRunConfig(run), { gpu: ONE_DEVICE, alignments: ['none', 'cada'] }),
      );
      for (const [align, map] of maps) expect(scores.get(align)).toBeGreaterThan(Math.max(...map));
    },
    SLOW,
  );

  it(
    'PatchCore with a random coreset remembers other patches, and says so',
    async () => {
      expect(
        await runs.train('random', { resume: false, change: { coreset: 'random', align: ['none'] } }),
      ).toBe(true);
      const rows = async (run: string): Promise<Float32Array> =>
        (await readWeights(runFiles(runs.folder(run)).weights)).tensors.get('memory1.rows')!.data;
      const [random, greedy] = [await rows('random'), await rows('whole')];
      expect(random.length).toBe(greedy.length);
      expect(random).not.toEqual(greedy);
      expect((await readRunConfig(runs.folder('random'))).coreset).toBe('random');
      expect((await readRunConfig(runs.folder('whole'))).coreset).toBe('greedy');
    },
    SLOW,
  );

  it('PatchCore refuses what it cannot have, all at once', () => {
    expect(() => checkConfig({ ...runs.config, iterations: 3, coresetFraction: 0, preset: 'none' })).toThrow(
      'preset expects one of anomalib for patchcore, got none; iterations expects 0 for patchcore, which is not trained by steps, got 3; coresetFraction expects more than 0 and at most 1, got 0',
    );
    expect(() => checkConfig({ ...runs.config, method: 'cfa', iterations: 3, scoreFraction: 0 })).toThrow(
      'coresetFraction is for methods that remember patches, not for cfa',
    );
  });
});
