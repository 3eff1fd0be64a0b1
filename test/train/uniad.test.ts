import { describe, expect, it } from 'vitest';
import { type Results, testRun } from '../../src/score/testRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { expectMetrics, smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const runs = smallRuns('uniad', { align: ['none', 'cada', 'class'] }, SLOW);

describe('UniAD', () => {
  it(
    'UniAD stopped in each stage, with dropout and jitter, ends with the bytes of a run that was not',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      expect(await runs.train('parts', { resume: false, stop: { stage: 'detector', step: 3 } })).toBe(false);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'regressor', step: 1 } })).toBe(false);
      expect(await runs.train('parts', { resume: true })).toBe(true);
      expect((await runs.weights('parts')).equals(await runs.weights('whole'))).toBe(true);
    },
    SLOW,
  );

  it(
    'UniAD is tested under each alignment and protocol',
    async () => {
      const own = await testRun({ run: runs.folder('whole'), gpu: ONE_DEVICE });
      expectMetrics(own, runs.config.align);
      const shared = await testRun({ run: runs.folder('whole'), gpu: ONE_DEVICE, pixelScale: 'shared' });
      const images = ({ protocols }: Results) =>
        Object.values(protocols['absolute-unified']).map(({ iAuroc, iAp }) => [iAuroc, iAp]);
      expect(images(shared)).toEqual(images(own));
      expect(shared.mapScale.none).toEqual(own.mapScale.none);
      expect(shared.mapScale.cada).not.toEqual(own.mapScale.cada);
    },
    SLOW,
  );
});
