import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { checkConfig } from '../../src/run/config.ts';
import { runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { openScorer } from '../../src/score/scorer.ts';
import { testRun } from '../../src/score/testRun.ts';
import { drawnAt } from '../../src/train/batches.ts';
import { ONE_DEVICE } from '../parking.ts';
import { expectMetrics, scoreWaves, smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 1_200_000;

const runs = smallRuns('draem', { align: ALIGNMENTS, encoder: 'none', weights: 'none', width: 8 }, SLOW);

describe('DRAEM', () => {
  it(
    'DRAEM stopped in each stage ends with the bytes of a run that was not',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      expect(await runs.train('parts', { resume: false, stop: { stage: 'detector', step: 1 } })).toBe(false);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'detector', step: 11 } })).toBe(false);
      expect(await runs.train('parts', { resume: true, stop: { stage: 'regressor', step: 1 } })).toBe(false);
      expect(await runs.train('parts', { resume: true })).toBe(true);
      expect((await runs.weights('parts')).equals(await runs.weights('whole'))).toBe(true);
      const { tensors } = await readWeights(runFiles(runs.folder('whole')).weights);
      expect(tensors.get('reconstruction.encoder.block5.3.weight')!.shape).toEqual([64, 64, 3, 3]);
      expect(tensors.get('discrimination.decoder.out.weight')!.shape).toEqual([2, 4, 3, 3]);
    },
    SLOW,
  );

  it(
    'DRAEM learns something else from anomalies of another folder, and refuses one without images',
    async () => {
      const short = { align: [], iterations: 3 } as const;
      const train = (run: string, change: Partial<RunConfig>): Promise<boolean> =>
        runs.train(run, { resume: false, change: { ...short, ...change } });
      await train('drawn', {});
      await train('textures', { textures: runs.config.data });
      expect((await runs.weights('textures')).equals(await runs.weights('drawn'))).toBe(false);
      await expect(train('none', { textures: runs.folder('drawn') })).rejects.toThrow(/drawn holds no image/);
      expect(existsSync(runs.folder('none'))).toBe(false);
    },
    SLOW,
  );

  it.each([
    ['none', []],
    ['class', ['class']],
  ] as const)(
    'a detector of finite weights whose maps are not numbers is no trained one: --align %s',
    async (name, align) => {
      const change = { align, iterations: 1, lr: 1e30 };
      await expect(runs.train(`broken-${name}`, { resume: false, change })).rejects.toMatchObject({
        code: 'E_NOT_FINITE',
        message: expect.stringMatching(/^the detector's \w+ of training image 1 of 10 is (NaN|-?Infinity)$/),
        fix: 'train the detector again with a smaller --lr',
      });
      expect(existsSync(runFiles(runs.folder(`broken-${name}`)).weights)).toBe(false);
    },
    SLOW,
  );

  it(
    'DRAEM is tested under every alignment and protocol, and scores an image by the highest mean of 21 x 21 pixels',
    async () => {
      const run = runs.folder('whole');
      expectMetrics(await testRun({ run, gpu: ONE_DEVICE }), ALIGNMENTS);
      const { maps, scores } = await scoreWaves(
        await openScorer(run, runs.config, { gpu: ONE_DEVICE, alignments: ['none', 'cada'] }),
      );
      for (const [align, map] of maps) {
        const want = highestMean(map, 64);
        expect(Math.abs(scores.get(align)! - want), align).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
      }
    },
    SLOW,
  );

  it('DRAEM says what is wrong with its own options, all of it, and that others have none of them', () => {
    const textures = '/textures';
    expect(() => checkConfig(runs.config)).not.toThrow();
    const odd = {
      ...runs.config,
      width: 7,
      encoder: 'resnet18',
      smoothing: 'box',
      resample: 'area',
    } as unknown;
    expect(() => checkConfig(odd as RunConfig)).toThrow(
      /encoder expects one of none for draem, got resnet18; .*resample expects one of pil, opencv, got area; .*width expects an even number of at least 2 for draem, got 7/,
    );
    const other = {
      ...runs.config,
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

  it('DRAEM draws images with replacement, by seed and step alone', () => {
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
