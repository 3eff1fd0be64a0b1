import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { matching } from '../../src/bench/caseFilter.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { recordsCsv } from '../../src/bench/recordCsv.ts';
import { readRecords } from '../../src/bench/recordFile.ts';
import { formatRecords } from '../../src/bench/recordTable.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';

it('a filter takes cases by name and shape, or says which there are', () => {
  const cases = ['a none', 'a cada', 'b none'].map((name) => ({ name, shape: '1 x 64 px' }));
  const names = (filter?: RegExp): string[] => matching(cases, { filter }).map(({ name }) => name);
  expect(names()).toHaveLength(3);
  expect(names(/^a none 1 x/)).toEqual(['a none']);
  expect(() => names(/16 x/)).toThrow('--filter 16 x: none of 3 cases matches');
});

it('measures distance relative to the second', () => {
  expect(relativeDistance(Float32Array.of(3, 5), Float32Array.of(3, 4))).toBeCloseTo(0.2, 12);
  expect(relativeDistance(Float32Array.of(1), Float32Array.of(1, 0))).toBe(Infinity);
  expect(relativeDistance(Float32Array.of(NaN), Float32Array.of(1))).toBeNaN();
});

describe('records', () => {
  const record = (more: Partial<BenchRecord>): BenchRecord => ({
    ...{ suite: 'latency', name: 'n', adapter: 'a', shape: 's', dtype: 'f32', variant: 'v' },
    ...{ medianMs: 10, p10Ms: 10, p90Ms: 10, runs: 9 },
    ...{ gflops: 1, gbs: 1, rooflineShare: null, peer: null, ratio: null },
    ...more,
  });
  const against = { peer: 'ort-cpu', ratio: 5, ratioP10: 4.9, ratioP90: 5.1 };

  it.each<[string, unknown, string]>([
    ['no list', {}, 'expects a list'],
    ['an empty list', [], 'expects a list'],
    ['null', [null], 'number 1 has nothing of one'],
    ['no percentile', [record({}), record({ name: 'm', p10Ms: undefined })], 'number 2 has no p10Ms above 0'],
    ['a percentile that is a text', [record({ p90Ms: 'slow' as never })], 'has no p90Ms above 0'],
    ['a median below its percentiles', [record({ medianMs: 0.01 })], 'a median outside of its 10th to 90th'],
    ['no ratio', [record({ ratio: 0 })], 'an invalid ratio'],
    ['a case twice', [record({}), record({ medianMs: 20, p90Ms: 30 })], 'has n s twice'],
  ])('records that could hide what became slower are refused: %s', async (_, text, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-records-'));
    const path = join(folder, 'before.json');
    await writeFile(path, JSON.stringify(text));
    await expect(readRecords(path)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${path}: `),
    });
    await expect(readRecords(path)).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });

  it('records print the ratio with its spread where there is one', () => {
    expect(formatRecords([record(against)])).toContain('5.00 (4.90 to 5.10)');
    expect(formatRecords([record({})])).not.toContain('times as fast');
  });

  it('a table of records fits, says what it leaves out, and wraps what stays', () => {
    const full = record({
      ...{
        name: 'attention heads=8 causal=true keyHeads=2',
        shape: '[8,512,512] [8,512,128] -> [8,512,512]',
      },
      ...{ gpuMs: 1.5, rooflineShare: 0.5, gemmShare: 0.4, bound: 'memory', ...against },
      memory: { arenas: 2 ** 20, lowerBound: 2 ** 20, device: 2 ** 30, resident: 2 ** 30 },
    });
    const lines = formatRecords([full, record({})], { width: 80, hint: '; more' }).split('\n');
    const last = lines.pop()!;
    expect(last).toBe(
      'not shown in 80 columns: p10 ms, p90 ms, GPU ms, GFLOP/s, GB/s, of GEMM %, of roofline %, arenas MiB (of bound), device MiB, peak resident MiB; more',
    );
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines.map((line) => line.slice(0, 40)).join(' ')).toContain('keyHeads=2');
    const wide = formatRecords([full], { width: Number.POSITIVE_INFINITY });
    expect(wide.split('\n')).toHaveLength(2);
    expect(wide).toContain('peak resident MiB');
  });

  it('records as CSV keep names with commas, quotes and breaks', () => {
    const odd = record({ name: 'a "b", c\nd', floorMs: { arithmetic: 1, memory: 2, launch: 3 } });
    const [read, other] = parse(recordsCsv([odd, record({})]), { columns: true }) as Record<string, string>[];
    expect(read).toMatchObject({ name: 'a "b", c\nd', medianMs: '10', 'floorMs.launch': '3', ratio: '' });
    expect(other!['floorMs.launch']).toBe('');
    // A spreadsheet would run it.
    expect(recordsCsv([record({ name: '=1+1' })])).toContain(",'=1+1,");
  });
});
