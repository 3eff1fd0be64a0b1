import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { runFiles } from '../../src/run/folder.ts';
import { testRun } from '../../src/score/testRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { expectMetrics, smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const runs = smallRuns(
  'revdist',
  {
    align: ['none', 'cada', 'class'],
    size: 80,
    tile: 64,
    tileOverlap: 0.5,
    iterations: 3,
    alignIterations: 5,
  },
  SLOW,
);

it(
  'a tiled run learns from every tile of every image, resumes to the same bytes and is tested on whole maps',
  async () => {
    expect(await runs.train('whole', { resume: false })).toBe(true);
    expect(await runs.train('parts', { resume: false, stop: { stage: 'detector', step: 1 } })).toBe(false);
    expect(await runs.train('parts', { resume: true })).toBe(true);
    expect(await runs.weights('parts')).toEqual(await runs.weights('whole'));
    const { metadata } = await readWeights(runFiles(runs.folder('whole')).weights, () => false);
    // Of images, not of their four tiles.
    expect(JSON.parse(metadata.get('familiar')!).images).toBe(10);
    const results = await testRun({ run: runs.folder('whole'), gpu: ONE_DEVICE });
    expectMetrics(results, ['none', 'cada', 'class']);
    const [head, ...rows] = (await readFile(runFiles(runs.folder('whole')).scores, 'utf8'))
      .trim()
      .split('\n');
    expect(head).toMatch(/^path,class,label,score,calibrated,/);
    expect(rows).toHaveLength(8);
    // More overlap is another scoring of the same networks; another side is not.
    const finer = await testRun({ run: runs.folder('whole'), gpu: ONE_DEVICE, tileOverlap: 0.75 });
    expect(finer.config).toMatchObject({ size: 80, tile: 64, tileOverlap: 0.75 });
    await expect(testRun({ run: runs.folder('whole'), tile: 80 })).rejects.toThrow(/multiple of 32/);
    await expect(testRun({ run: runs.folder('whole'), size: 96, tile: 96 })).rejects.toThrow(
      "scoring expects images or tiles of 64 px, the side at which the run's networks were trained, got 96 px",
    );
  },
  SLOW,
);

it(
  'where the tile is the image, training gives the tensors that it gives without',
  async () => {
    const tensors = async (run: string, tile: number | undefined) => {
      await runs.train(run, { resume: false, change: { size: 64, tile, tileOverlap: undefined } });
      return (await readWeights(runFiles(runs.folder(run)).weights)).tensors;
    };
    expect(await tensors('uncut', undefined)).toEqual(await tensors('cut', 64));
  },
  SLOW,
);
