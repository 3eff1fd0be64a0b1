import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeChromeTrace } from '../../src/profile/chromeTrace.ts';
import { type Grouping, summarize } from '../../src/profile/summary.ts';
import { formatProfile } from '../../src/profile/table.ts';
import type { DispatchTime, Profiler } from '../../src/runtime/profiler.ts';

const roofline = { peakGflops: 100, copyGbs: 10 };
let at = 0;
const time = (
  scope: string,
  op: string,
  ns: number,
  flops: number,
  bytes: number,
  device = 0,
): DispatchTime => {
  const label = scope === '' ? op : `${scope} ${op}`;
  const wgsl = `fn ${op}() {}`;
  const kernel = { label, wgsl, bindings: [], grid: [1, 1, 1] as const, flops, bytes };
  return { planned: { kernel, scope, ranges: [] }, plan: 'score', device, begin: at++ * 1e6, ns };
};
const profilerOf = (times: DispatchTime[], granularity = 1): Profiler => ({
  clock: 'timestamp',
  times,
  granularity,
  between: 5000,
  lost: 0,
  submitter: () => {
    throw new Error('nothing runs here');
  },
});
const rowsOf = (times: DispatchTime[], granularity?: number, by: Grouping = 'kernel') =>
  summarize(profilerOf(times, granularity), roofline, by).kernels;

describe('the summary', () => {
  // 400,000 flops take 4,000 ns at the peak, 20,000 bytes 2,000 ns; the other is bound by its 80,000 bytes.
  const times = [
    time('stem', 'conv2d', 90_000, 400_000, 20_000),
    time('stem', 'relu', 11_000, 1000, 80_000),
    time('layer1', 'conv2d', 10_000, 400_000, 20_000),
    time('layer1', 'relu', 16_000, 1000, 80_000),
    time('layer2', 'conv2d', 6000, 400_000, 20_000),
  ];

  it('the summary adds up a kernel over the layers, without the first use of its shader', () => {
    const [conv, relu] = rowsOf(times);
    expect(conv).toMatchObject({ name: 'conv2d', calls: 3, firstMs: 0.09, totalMs: 0.016, share: 0.5 });
    expect(relu).toMatchObject({ name: 'relu', calls: 2, firstMs: 0.011, totalMs: 0.016, share: 0.5 });
    expect(conv!.gflops).toBeCloseTo(50);
    expect(conv!.gbs).toBeCloseTo(2.5);
  });

  it('the summary holds each dispatch against the slower of arithmetic and memory', () => {
    const [conv, relu] = rowsOf(times);
    expect(conv!.rooflineShare).toBeCloseTo(8000 / 16_000);
    expect(relu!.rooflineShare).toBeCloseTo(8000 / 16_000);
  });

  it('the summary keeps layers apart where asked, and shows a first use where there is no other', () => {
    const rows = rowsOf(times, 1, 'layer');
    expect(rows.map(({ name }) => name)).toEqual([
      'layer1 relu',
      'layer1 conv2d',
      'layer2 conv2d',
      'stem conv2d',
      'stem relu',
    ]);
    expect(rows[3]).toMatchObject({ onlyFirst: true, firstMs: 0.09, totalMs: 0.09, share: null });
  });

  it('the summary counts a first use on each device', () => {
    const [row] = rowsOf([
      time('', 'copy', 30, 0, 8),
      time('', 'copy', 40, 0, 8, 1),
      time('', 'copy', 20, 0, 8, 1),
    ]);
    expect(row).toMatchObject({ calls: 3, firstMs: 70e-6, totalMs: 20e-6, gflops: null });
  });

  it('the summary refuses figures below 20 steps of the clock', () => {
    const coarse = rowsOf(times, 501);
    expect(coarse.find(({ name }) => name === 'relu')).toMatchObject({ totalMs: 0.016, firstMs: 0.011 });
    expect(coarse.find(({ name }) => name === 'conv2d')).toEqual({
      name: 'conv2d',
      calls: 3,
      firstMs: 0.09,
      onlyFirst: false,
      totalMs: null,
      share: null,
      gflops: null,
      gbs: null,
      rooflineShare: null,
    });
    const text = formatProfile(summarize(profilerOf(times, 501), roofline, 'kernel'), 1);
    expect(text.replace(/\s+/g, ' ')).toContain(
      'granularity 501 ns, figures from 10020 ns a dispatch on; shorter kernels have no figures',
    );
    expect(text).toContain('and 1 more kernels');
  });
});

describe('the Chrome trace', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wgad-trace-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('the Chrome trace has every dispatch in microseconds, on a track of its plan, and leaves nothing else behind', async () => {
    const times = Array.from({ length: 2500 }, (_, i) => time('stem', 'conv2d', 2000 + i, 4000, 16, i % 2));
    const path = join(folder, 'trace.json');
    expect(await writeChromeTrace(path, profilerOf(times), 'an "adapter"')).toBe(2500);
    const trace = JSON.parse(await readFile(path, 'utf8'));
    expect(trace.otherData).toEqual({ adapter: 'an "adapter"', clock: 'timestamp', granularityNs: 1 });
    const events = trace.traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
    expect(events).toHaveLength(2500);
    expect(events[7]).toMatchObject({ name: 'conv2d', pid: 1, ts: times[7]!.begin / 1000, dur: 2.007 });
    expect(events[0].args).toEqual({
      layer: 'stem',
      flops: 4000,
      bytes: 16,
      grid: '1x1x1',
      gflops: 2,
      gbs: 0.008,
    });
    const threads = trace.traceEvents.filter(({ name }: { name: string }) => name === 'thread_name');
    expect(threads.map(({ args }: { args: { name: string } }) => args.name)).toEqual(['score', 'score']);
    expect(await readdir(folder)).toEqual(['trace.json']);
  });
});
