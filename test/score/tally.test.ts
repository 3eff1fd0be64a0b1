import { expect, it } from 'vitest';
import { formatTable, reasonLines, tableRows } from '../../src/report/table.ts';
import { MEASURES } from '../../src/score/measures.ts';
import { meanMetrics, newTally } from '../../src/score/tally.ts';

const map = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
const mask = Uint8Array.from(map, (value) => (value > 0.8 ? 1 : 0));

it('says why numbers are missing, for one class and in the mean, and prints it under the table', () => {
  const tally = newTally(['none'], ['whole', 'broken'], ['dataset', 'rd4ad']);
  tally.add('none', 'whole', map, new Uint8Array(64), 8);
  tally.add('none', 'broken', map, mask, 8);
  const whole = tally.metrics('none', 'whole', [0.5], [false]);
  expect(whole).toEqual({
    iAuroc: null,
    iAp: null,
    pAuroc: null,
    pAp: null,
    auproDataset: null,
    auproRd4ad: null,
    reasons: {
      iAuroc: 'no anomalous sample',
      iAp: 'no anomalous sample',
      pAuroc: 'no anomalous sample',
      pAp: 'no anomalous sample',
      auproDataset: 'no defect pixel',
      auproRd4ad: 'no defect pixel',
    },
  });
  const broken = tally.metrics('none', 'broken', [0.5], [true]);
  expect(broken).toMatchObject({ iAuroc: null, pAuroc: 1, reasons: { iAuroc: 'no normal sample' } });
  const mean = meanMetrics({ whole, broken });
  expect(mean).toMatchObject({ iAuroc: null, pAuroc: 1, auproDataset: broken.auproDataset });
  expect(mean.reasons!.pAuroc).toBe('without whole, which have no value');
  const results = {
    protocols: {
      'absolute-unified': { none: tally.metrics('none', null, [0.5, 0.5], [false, true]) },
      'model-unified': { none: { mean, classes: { whole, broken } } },
    },
  };
  const table = formatTable(tableRows(results, ['model-unified']));
  expect(table).toContain('detection, model-unified        – / –');
  expect(reasonLines(results, ['model-unified'])).toContain(
    'iAuroc, model-unified: without whole, broken, which have no value',
  );
  expect(reasonLines(results, ['absolute-unified'])).toEqual([]);
});

it('counts the images that an average over images leaves out', () => {
  const tally = newTally(['none'], ['a'], ['rd4ad']);
  const add = (scores: Float32Array): void => tally.add('none', 'a', scores, mask, 8);
  add(map);
  add(map.map(() => 1));
  expect(tally.metrics('none', null, [1, 0], [true, false]).reasons).toEqual({
    auproRd4ad: '1 images left out: all scores of the image are equal: no thresholds lie between',
  });
});

it('leaves anomalies without a mask out of the pixels alone, and says so', () => {
  const tally = newTally(['none'], ['some', 'no'], []);
  tally.add('none', 'some', map, mask, 8);
  tally.leaveOut('some', 'have no mask');
  tally.leaveOut('no', 'have no mask');
  const some = tally.metrics('none', 'some', [0.5, 0.1, 0.7], [true, false, true]);
  expect(some.pAp).toBeCloseTo(1, 12);
  expect(some).toMatchObject({
    iAuroc: 1,
    iAp: 1,
    pAuroc: 1,
    reasons: {
      pAuroc: '1 anomalous images left out: they have no mask',
      pAp: '1 anomalous images left out: they have no mask',
    },
  });
  const no = tally.metrics('none', 'no', [0.5, 0.1], [true, false]);
  expect(no).toMatchObject({ iAuroc: 1, pAuroc: null });
  expect(no.reasons!.pAp).toMatch(/^no anomalous sample; 1 anomalous images left out/);
  expect(tally.metrics('none', null, [0.5], [true]).reasons!.pAuroc).toMatch(/^2 anomalous images/);
});

it('finds the numbers of every measure, and gives each a row of the table', () => {
  const tally = newTally(['none'], ['one'], ['rd4ad', 'dataset']);
  tally.add('none', 'one', map, mask, 8);
  const found = tally.metrics('none', 'one', [0.5, 0.7], [false, true]);
  const names = MEASURES.flatMap((measure): readonly string[] => measure.names);
  expect(new Set(Object.keys(found))).toEqual(new Set(names));
  // After those that are always there, in the order in which they were asked for.
  expect(Object.keys(found)).toEqual(['iAuroc', 'iAp', 'pAuroc', 'pAp', 'auproRd4ad', 'auproDataset']);
  const results = { protocols: { 'absolute-unified': { none: found }, 'model-unified': {} } };
  const titles = tableRows(results, ['absolute-unified']).map(([title]) => title);
  expect(titles.slice(1)).toEqual(MEASURES.map(({ title }) => `${title}, absolute-unified`));
});

it('says of pixel metrics alone how many images have boxes for masks', () => {
  const tally = newTally(['none'], ['a', 'b'], []);
  for (const name of ['a', 'b']) tally.add('none', name, map, mask, 8);
  tally.boxed('a');
  const said = '1 anomalous images have boxes for masks';
  const images = [
    [1, 0],
    [true, false],
  ] as const;
  expect(tally.metrics('none', null, ...images).reasons).toEqual({ pAuroc: said, pAp: said });
  expect(tally.metrics('none', 'a', ...images).reasons).toEqual({ pAuroc: said, pAp: said });
  expect(tally.metrics('none', 'b', ...images).reasons).toBeUndefined();
});
