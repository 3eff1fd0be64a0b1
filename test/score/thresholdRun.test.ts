import { expect, it } from 'vitest';
import type { Alignment } from '../../src/methods/alignments/index.ts';
import { servedAlignment } from '../../src/score/storedThreshold.ts';

it.each<[Alignment[], Alignment]>([
  [['none'], 'none'],
  [['class'], 'none'],
  [['class', 'classifier'], 'classifier'],
  [['classifier', 'cada'], 'cada'],
  [['none', 'cada-std', 'cada'], 'cada-std'],
])('of %j serves %s', (align, served) => {
  expect(servedAlignment({ align })).toBe(served);
});
