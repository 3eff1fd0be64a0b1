import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { runFiles } from '../../src/run/folder.ts';
import { openScorer } from '../../src/score/scorer.ts';
import { testRun } from '../../src/score/testRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { expectMetrics, scoreWaves, smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const runs = smallRuns('cfa', { align: ALIGNMENTS, resize: 73 }, SLOW);

describe('CFA', () => {
  it(
    'CFA stopped in three stages, once with its centres lost, ends with the bytes of a run that was not',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      expect(await runs.train('parts', { resume: false, stop: { stage: 'memory', step: 1 } })).toBe(false);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'detector', step: 1 } })).toBe(false);
      await rm(runFiles(runs.folder('parts')).memory);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'regressor', step: 1 } })).toBe(false);
      expect(await runs.train('parts', { resume: true })).toBe(true);
      expect((await runs.weights('parts')).equals(await runs.weights('whole'))).toBe(true);
      const { tensors } = await readWeights(runFiles(runs.folder('whole')).weights);
      expect(tensors.get('memory.centres')!.shape).toEqual([256, 112]);
      // The radius is trained: AdamW's first steps are as long as the rate.
      expect(tensors.get('descriptor.r')!.data[0]).toBeGreaterThan(0.005);
    },
    SLOW,
  );

  it(
    'CFA is tested under every alignment and protocol, and scores an image by the maximum of its smoothed map',
    async () => {
      const run = runs.folder('whole');
      expectMetrics(await testRun({ run, gpu: ONE_DEVICE }), ALIGNMENTS);
      const { maps, scores } = await scoreWaves(
        await openScorer(
          run,
          { ...runs.config, memoryRows: 256 },
          { gpu: ONE_DEVICE, alignments: ['none', 'cada'] },
        ),
      );
      for (const [align, map] of maps) expect(scores.get(align)).toBe(Math.max(...map));
    },
    SLOW,
  );
});
