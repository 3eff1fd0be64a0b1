import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseContaminants, contaminate } from '../../src/data/contaminate.ts';
import { type Dataset, scanDataset } from '../../src/data/dataset.ts';
import { put } from './lookalikes.ts';

let folder = '';
let dataset: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-contaminate-'));
  for (const name of ['a', 'b']) {
    for (let i = 0; i < 10; i++) {
      await put(folder, `${name}/train/${i}.png`, '');
      await put(folder, `${name}/test/good/${i}.png`, '');
      await put(folder, `${name}/test/bent/${i}.png`, '');
    }
  }
  dataset = await scanDataset(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('moves the asked share of anomalies, so that no image is in both sets and none is lost', () => {
  for (const fraction of [0.05, 0.1, 0.33, 0.5, 0.95]) {
    for (const seed of [0, 1, 2]) {
      const ids = chooseContaminants(dataset, fraction, seed);
      expect(ids).toHaveLength(Math.round(fraction * 20));
      const mixed = contaminate(dataset, ids, { strict: true });
      const train = mixed.train.map(({ id }) => id);
      const test = mixed.test.map(({ id }) => id);
      expect(train.filter((id) => test.includes(id))).toEqual([]);
      expect(new Set([...train, ...test]).size).toBe(60);
      expect(mixed.train.filter(({ anomalous }) => anomalous).map(({ id }) => id)).toEqual(ids);
      expect(mixed.test.filter(({ anomalous }) => !anomalous)).toHaveLength(20);
    }
  }
});

it('chooses by the seed', () => {
  const [first, again, other] = [0, 0, 1].map((seed) => chooseContaminants(dataset, 0.5, seed));
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  // Over all classes alike, not class by class: here the shares differ.
  expect(first!.filter((id) => id.startsWith('a/')).length).toBeGreaterThan(0);
});

it('refuses shares that move nothing or leave nothing, and images that are gone', () => {
  expect(() => chooseContaminants(dataset, 0.01, 0)).toThrow(
    /of the 20 anomalous test images it would move none/,
  );
  expect(() => chooseContaminants(dataset, 1, 0)).toThrow(/would leave none to test with/);
  expect(() => contaminate(dataset, ['a/gone.png', 'b/gone.png'], { strict: true })).toThrow(
    /a\/gone\.png, b\/gone\.png/,
  );
  expect(contaminate(dataset, ['a/gone.png'])).toEqual(dataset);
});
