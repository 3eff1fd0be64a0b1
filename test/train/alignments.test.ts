import { readFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import type { AlignmentRecord } from '../../src/methods/alignments/alignment.ts';
import {
  ALIGNMENT_RECORDS,
  ALIGNMENTS,
  type Alignment,
  type HeadName,
  headsOf,
  predictingAlignment,
} from '../../src/methods/alignments/index.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { methodPlans } from '../../src/train/methodPlans.ts';

vi.mock('../../src/methods/alignments/table.ts', async (importOriginal) => {
  const { TABLE } = await importOriginal<typeof import('../../src/methods/alignments/table.ts')>();
  const { regressor } = await import('../../src/methods/alignments/regressor.ts');
  const further: AlignmentRecord<'further_head'> = {
    summary: 'what a further head predicts',
    unit: 'as much as it says',
    head: regressor('further_head', 'upper'),
    statistics: ({ predicted }) => predicted(),
  };
  return { TABLE: { ...TABLE, further } };
});

/** Known to the table alone. */
const FURTHER = 'further' as Alignment;

it('trains and scores with a further alignment from one line of the table', () => {
  const sizes = { method: 'draem', encoder: 'none', size: 64, width: 8, batch: 2 } as const;
  expect(ALIGNMENTS).toContain(FURTHER);
  expect(headsOf(['cada', FURTHER])).toEqual(['regressor', 'further_head']);
  expect(predictingAlignment([FURTHER])).toBe(FURTHER);
  const layouts = runLayouts(sizes, 3);
  const { outputs } = scorePlan(
    { ...sizes, smoothing: 'none', scoreFraction: 0.01 },
    layouts,
    ['none', FURTHER],
    3,
  );
  expect(outputs.get('statistics.further')!.shape).toEqual([2, 2]);
  expect(outputs.get('score.further')!.shape).toEqual([2]);
  expect(outputs.has('statistics.none')).toBe(false);
  const names = layouts.heads['further_head' as HeadName].parameters.specs.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !name.startsWith('further_head.'))).toEqual([]);
  const step = methodPlans(sizes).find(({ name }) => name === 'training of the further_head');
  expect(step!.graph().outputs.get('loss')!.shape).toEqual([]);
});

it("docs/methods.md's table of alignments is that of the records", async () => {
  const text = await readFile(new URL('../../docs/methods.md', import.meta.url), 'utf8');
  const rows = ALIGNMENTS.filter((name) => name !== FURTHER).map((name) => {
    const { summary, unit } = ALIGNMENT_RECORDS[name];
    return `| \`${name}\` | ${summary} | ${unit ?? ''} |`;
  });
  expect(text).toContain(`${rows.join('\n')}\n\n`);
});
