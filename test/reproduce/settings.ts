import type { Dataset } from '../../src/data/dataset.ts';
import type { Settings } from '../../src/reproduce/cells.ts';
import type { FoundSets } from '../../src/reproduce/sets.ts';
import { SET_NAMES } from '../../src/reproduce/tables.ts';

export const SETTINGS: Settings = {
  version: '0.1.0',
  encoder: 'resnet18_w16',
  weights: 'embedded',
  seeds: [0],
  noise: 0,
};

/** All three published data sets, of ten anomalous test images each; nothing is on disk. */
export const ALL_SETS: FoundSets = new Map(
  SET_NAMES.map((name): [(typeof SET_NAMES)[number], Dataset] => [
    name,
    {
      root: `/data/${name}`,
      layout: 'mvtec',
      classes: ['a', 'b'],
      train: [],
      test: Array.from({ length: 10 }, (_, i) => ({
        path: `/data/${name}/a/test/bent/${i}.png`,
        id: `a/test/bent/${i}.png`,
        className: 'a',
        defect: 'bent',
        anomalous: true,
        maskPath: null,
      })),
    },
  ]),
);
