import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  casesOf,
  compareRecords,
  middleOf,
  requireSameAdapter,
  slowerThan,
} from '../../src/bench/compare.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { type BenchOutput, type Measurement, measure } from '../../src/cli/benchRun.ts';
import type { Context } from '../../src/cli/context.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { scratchFolder } from '../cli/wgad.ts';

const record = (more: Partial<BenchRecord> = {}): BenchRecord => ({
  ...{ suite: 'latency', name: 'n', adapter: 'a', shape: 's', dtype: 'f32', variant: 'v' },
  ...{ medianMs: 10, p10Ms: 10, p90Ms: 10, runs: 9 },
  ...{ gflops: 1, gbs: 1, rooflineShare: null, peer: null, ratio: null },
  ...more,
});
const against = { peer: 'ort-cpu', ratio: 5, ratioP10: 4.9, ratioP90: 5.1 };

describe('the comparison', () => {
  it('a peer is compared by ratios, with the ratio’s spread', () => {
    const before = [record(against)];
    // Twice the time, as on a slower machine, but the same ratio.
    expect(compareRecords(before, [record({ ...against, medianMs: 20 })]).comparisons).toMatchObject([
      { ratio: 1, slower: false },
    ]);
    const now = [record({ ...against, ratio: 4, ratioP10: 3.9, ratioP90: 4.1 })];
    const [fallen] = compareRecords(before, now).comparisons;
    expect(fallen).toMatchObject({ ratio: 0.8, slower: true });
    expect(fallen!.band).toBeCloseTo(0.05, 12);
  });

  it('a peer’s own time is not judged; without a peer, times are', () => {
    const own = { peer: 'ort-cpu', ratio: null };
    const { comparisons, missing, added } = compareRecords([record(own)], [record({ ...own, medianMs: 20 })]);
    expect([comparisons, missing, added]).toEqual([[], [], []]);
    expect(compareRecords([record()], [record({ medianMs: 20 })]).comparisons).toMatchObject([
      { ratio: 0.5, slower: true },
    ]);
  });

  it('a comparison can fail however noisy the runs were', () => {
    const noisy = record({ p10Ms: 1, p90Ms: 60 });
    const [twice] = compareRecords([noisy], [record({ medianMs: 20, p10Ms: 2, p90Ms: 100 })]).comparisons;
    expect(twice).toMatchObject({ band: 0.1, slower: true });
    const [ninth] = compareRecords([noisy], [record({ medianMs: 10.9 })]).comparisons;
    expect(ninth).toMatchObject({ slower: false });
  });

  it('a comparison names what only one file has', () => {
    const { missing, added } = compareRecords([record({ name: 'gone' })], [record({ name: 'new' })]);
    expect([missing, added]).toEqual([['latency gone s'], ['latency new s']]);
  });

  it('a comparison refuses another adapter, but for a peer’s own', () => {
    const records = [record(), record({ peer: 'ort-cpu', adapter: 'a CPU' })];
    expect(() => requireSameAdapter('old.json', records, 'a')).not.toThrow();
    expect(() => requireSameAdapter('old.json', records, 'b')).toThrow(
      'old.json was measured on a, this is b',
    );
  });
});

describe('what looks slower', () => {
  const before = [record(), record({ name: 'm' }), record({ name: 'n / ort-cpu', ...against })];
  const now = [
    record({ medianMs: 20 }),
    record({ name: 'm' }),
    record({ name: 'n / ort-cpu', ...against, ratio: 3 }),
    record({ name: 'ort-cpu n', peer: 'ort-cpu', medianMs: 99 }),
  ];

  it('slower cases are picked by the names that their suite knows', () => {
    const suspects = slowerThan(before, now);
    expect(suspects.map(({ name }) => name)).toEqual(['n', 'n / ort-cpu']);
    const only = casesOf(suspects);
    expect(['n', 'm'].map((name) => only({ name, shape: 's' }))).toEqual([true, false]);
  });

  it('a slower case counts with the median of all its rounds', () => {
    const round = (medianMs: number, ratio: number): BenchRecord[] => [
      record({ medianMs }),
      record({ name: 'n / ort-cpu', ...against, ratio }),
    ];
    const middle = middleOf(now, [round(10, 5), round(11, 5), round(9, 5)]);
    expect(middle.map(({ medianMs }) => medianMs)).toEqual([11, 10, 10, 99]);
    expect(middle[2]!.ratio).toBe(5);
    expect(slowerThan(before, middle)).toEqual([middle[0]]);
  });
});

describe('bench --compare', () => {
  const folder = scratchFolder();
  let adapter = '';
  let measured = 0;
  /** A machine on which the case takes `ms` first and `again` whenever it is measured again. */
  const machine =
    (ms: number, again = ms): Measurement =>
    async ({ gpu }, { only }) => {
      measured += 1;
      adapter = gpu.adapter.name;
      const records = [record({ adapter, medianMs: only ? again : ms }), record({ adapter, name: 'm' })];
      return only ? records.filter(only) : records;
    };
  const run = async (output: BenchOutput, measurement: Measurement) => {
    const printed: string[] = [];
    measured = 0;
    const context = {
      gpu: {},
      signal: new AbortController().signal,
      endAtSignal: () => {},
      say: () => {},
      result: (_: unknown, text: string) => printed.push(text),
    } as unknown as Context;
    const code = await measure(context, output, measurement);
    return { code, text: printed.join() };
  };
  let compare = '';
  beforeAll(() => {
    compare = folder.path('before.json');
  });

  it('bench --compare fails only where a case stays slower when it is measured again', async () => {
    expect(await run({ out: compare }, machine(10))).toMatchObject({ code: EXIT.done });
    expect(await run({ compare }, machine(10.2))).toMatchObject({ code: EXIT.done });
    expect(measured).toBe(1);
    expect(await run({ compare }, machine(20, 10))).toMatchObject({ code: EXIT.done });
    expect(measured).toBe(4);
    const slower = await run({ compare }, machine(20));
    expect(slower.code).toBe(EXIT.failed);
    expect(slower.text).toContain('SLOWER: latency n s: 0.500 times as fast');
    expect(slower.text).not.toContain('SLOWER: latency m');
  });

  it('bench --compare fails where no case is common, and names what only one side has', async () => {
    const file = folder.path('others.json');
    await writeFile(file, JSON.stringify([record({ adapter, name: 'other' })]));
    const { code, text } = await run({ compare: file }, machine(10));
    expect(code).toBe(EXIT.failed);
    expect(text).toContain('not measured now: latency other s');
    expect(text).toContain(`not in ${file}: latency n s; latency m s`);
    expect(text).toContain('NOTHING COMPARED');
  });

  it('bench --compare refuses another adapter before it measures, and what is no list of records', async () => {
    const file = folder.path('elsewhere.json');
    await writeFile(file, JSON.stringify([record({ adapter: 'another' })]));
    await expect(run({ compare: file }, machine(10))).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(measured).toBe(0);
    expect(await run({ compare: file, force: true }, machine(10))).toMatchObject({ code: EXIT.done });
    for (const text of ['[{"suite": 1}]', '{}', '[]', '']) {
      await writeFile(file, text);
      await expect(run({ compare: file }, machine(10)), text).rejects.toMatchObject({ code: 'E_FILE' });
    }
  });
});
