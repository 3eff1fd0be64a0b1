import { describe, expect, it } from 'vitest';
import { estimateLines, quickCommand } from '../../src/cli/estimateLines.ts';
import { newConfig } from '../../src/run/config.ts';
import type { Estimate } from '../../src/train/estimate.ts';

const GIVEN = { version: '0', seed: 0, data: '/photos', adapter: '' };
const ESTIMATE: Estimate = {
  training: [3000, 6000],
  quick: [200, 400],
  costs: { load: 0.01, forward: 0.09, step: 0.7, heads: 0.0063 },
};

describe('what train says before it begins', () => {
  it('has the time, what it is made of, and a first look where that is shorter', () => {
    expect(estimateLines(ESTIMATE, newConfig(GIVEN), 1, 'COMMAND')).toEqual([
      'training takes about 1 to 1.5 hours here: 5000 steps of 700 ms, 5000 of the alignment of 6.3 ms, 90 ms to look at an image',
      'a first look, with its report, takes about 3.5 to 6.5 minutes: COMMAND',
    ]);
    expect(estimateLines({ ...ESTIMATE, quick: [2000, 4000] }, newConfig(GIVEN), 1, '')).toHaveLength(1);
  });

  it('counts all models of --per-class, and says of a greedy coreset that its picks are not counted', () => {
    const config = newConfig({ ...GIVEN, method: 'patchcore', align: ['none'] });
    const costs = { ...ESTIMATE.costs, step: 0, heads: 0 };
    expect(estimateLines({ ...ESTIMATE, training: [60, 120], costs }, config, 5, '')).toEqual([
      'training takes about 5 to 10 minutes for 5 models here, and the picks of its memory beside: 90 ms to look at an image',
    ]);
    const [random] = estimateLines(ESTIMATE, { ...config, coreset: 'random' }, 1, '');
    expect(random).not.toContain('picks');
  });
});

it.each([
  [{}, 'wgad train photos --out runs/mine-quick --preset quick'],
  [
    { method: 'patchcore', preset: 'anomalib', layout: 'mvtec' },
    'wgad train photos --out runs/mine-quick --preset quick,anomalib --method patchcore --layout mvtec',
  ],
  [
    { encoder: 'resnet18', weights: "/my weights/it's.pth", size: 512, tile: 128 },
    "wgad train photos --out runs/mine-quick --preset quick --encoder resnet18 --weights '/my weights/it'\\''s.pth'",
  ],
] as const)('a first look with %j is %s', (flags, command) => {
  expect(quickCommand('photos', { out: 'runs/mine', ...flags })).toBe(command);
});
