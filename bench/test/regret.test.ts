import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseCases } from '../../src/bench/kernels.ts';
import { formatRecords } from '../../src/bench/recordTable.ts';
import type { ProductChoice } from '../../src/kernels/gemm/choices.ts';
import { productsOf } from '../../src/plan/buildPlan.ts';
import { openSession, type Session, sessionOn } from '../../src/runtime/session.ts';
import { tunedOf } from '../../src/tune/table.ts';
import { benchRegret, regretText } from '../turns/regret.ts';

const PACE = { peakGflops: 2, peakAt: '', copyGbs: 1, copyAt: '', submitMs: 0, dispatchMs: 0 };
const CHOICE: ProductChoice = {
  variant: 'blocked',
  tile: { m: 16, n: 64, k: 8, rows: 4, columns: 4, buffers: 1 },
};

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const casesOf = (filter: RegExp) =>
  chooseCases(session, { models: ['resnet18_w16'], batches: [1], size: 64, filter });
const tunedTo = (choice: ProductChoice | null) => {
  const [each] = casesOf(/conv2d 3x3 s1 64x4x4->64/);
  const [{ key } = { key: '' }] = productsOf(each!.build().graph, session.gpu.facts);
  return sessionOn(session.gpu, tunedOf(new Map([[key, { choice, ms: 1, ruleMs: 1 }]])));
};

it('products that were tuned are timed as tuned, beside the rule; others are left out', async () => {
  const records = await benchRegret(tunedTo(CHOICE), casesOf(/conv2d 3x3/), { pace: PACE, onCase() {} });
  expect(records.map(({ name }) => name)).toEqual(['resnet18_w16/conv2d 3x3 s1 64x4x4->64']);
  expect(records[0]!.regret).toBeGreaterThan(-1);
  expect(records[0]!.regret).not.toBe(0);
  expect(formatRecords(records, { columns: [{ title: "rule's regret", cell: regretText }] })).toMatch(
    /rule's regret\n.* %$/m,
  );
});

it('the rule has no regret where tuning found nothing better, and nothing to say where nothing was tuned', async () => {
  const cases = casesOf(/conv2d 3x3 s1 64x4x4->64/);
  const [record] = await benchRegret(tunedTo(null), cases, { pace: PACE, onCase() {} });
  expect(record!.regret).toBe(0);
  expect(record!.medianMs).toBeGreaterThan(0);
  await expect(benchRegret(session, cases, { pace: PACE, onCase() {} })).rejects.toThrow(
    'none of 1 cases has been tuned on this adapter',
  );
});
