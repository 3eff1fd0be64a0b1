import { expect, it } from 'vitest';
import { newConfig } from '../../src/run/config.ts';
import { type Costs, type Estimate, estimateFrom } from '../../src/train/estimate.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const COSTS: Costs = { load: 0.01, forward: 0.1, step: 2, heads: 0.004 };
const GIVEN = { version: '0', seed: 0, data: '/photos', adapter: '' };
const COUNTS = { train: 100, test: 50, tilesOfImage: 1, keeps: true };

it('a training is its images read, its passes over them and its steps', () => {
  const { training } = estimateFrom(COSTS, newConfig(GIVEN), COUNTS, false);
  const seconds = 100 * 0.01 + 2 * 100 * 0.1 + 5000 * 2 + 5000 * 0.004;
  expect(training).toEqual([0.8 * seconds, 1.6 * seconds]);
});

it('features that are not kept take no pass, and without an alignment one looks at the maps and no step is of it', () => {
  const config = newConfig({ ...GIVEN, align: ['none'] });
  const { training } = estimateFrom(COSTS, config, { ...COUNTS, keeps: false }, false);
  expect(training[0]).toBeCloseTo(0.8 * (100 * 0.01 + 100 * 0.1 + 5000 * 2), 6);
});

it('tiles count as images but are not read one by one', () => {
  const config = newConfig({ ...GIVEN, size: 512, tile: 256 });
  const { training } = estimateFrom(COSTS, config, { ...COUNTS, tilesOfImage: 9 }, false);
  expect(training[0]).toBeCloseTo(0.8 * (100 * 0.01 + 2 * 900 * 0.1 + 5000 * 2 + 5000 * 0.004), 6);
});

it('a first look has a quarter of the pixels at 128 px, its own steps, the test, and kernels to compile', () => {
  const { quick } = estimateFrom(COSTS, newConfig(GIVEN), COUNTS, true);
  const seconds = 100 * 0.01 + 2 * 100 * 0.025 + 400 * (2 / 4 / 2) + 5000 * 0.004 + 50 * (0.01 + 0.025);
  expect(quick[0]).toBeCloseTo(0.8 * seconds, 6);
  expect(quick[1]).toBeCloseTo(1.6 * seconds + 60, 6);
});

const runs = smallRuns('revdist', { align: ['cada'], iterations: 3, alignIterations: 3 }, SLOW);

it(
  'what is trained does not depend on whether its time was estimated',
  async () => {
    const estimates: Estimate[] = [];
    await trainRun({
      run: runs.folder('measured'),
      config: runs.config,
      gpu: ONE_DEVICE,
      onEstimate: (estimate) => estimates.push(estimate),
    });
    await runs.train('unmeasured', { resume: false });
    expect(await runs.weights('measured')).toEqual(await runs.weights('unmeasured'));
    expect(estimates).toHaveLength(1);
    for (const cost of Object.values(estimates[0]!.costs)) expect(cost).toBeGreaterThan(0);
    const { training } = estimates[0]!;
    expect(training[1]).toBeGreaterThan(training[0]);
  },
  SLOW,
);
