import { expect, it } from 'vitest';
import { constantHead } from '../../src/score/constantHead.ts';
import type { TestRow } from '../../src/score/testRows.ts';

const row = (statistics: TestRow['statistics']): TestRow => ({
  id: 'a/test/good/1.png',
  className: 'a',
  anomalous: false,
  scores: {},
  statistics,
  unfamiliar: null,
  ms: null,
  floored: {},
  scale: {},
});

it('a head that predicts the same for every image is said, with what it predicts', () => {
  const [note, ...others] = constantHead(
    [row([30210.3671875, 36157.4]), row([30210.3671875, 36157.4])],
    'cada',
  );
  expect(note).toMatch(/^cada: its head predicts the same for every image \(mean 30210, maximum 36160\)/);
  expect(others).toEqual([]);
});

it.each([
  ['another mean', [row([1, 2]), row([1, 2]), row([1.5, 2])], 'cada'],
  ['another maximum', [row([1, 2]), row([1, 3])], 'cada'],
  ['one image alone', [row([1, 2])], 'cada'],
  ['no head', [row(null), row(null)], null],
] as const)('nothing is said of %s', (_, rows, alignment) => {
  expect(constantHead(rows, alignment)).toEqual([]);
});
