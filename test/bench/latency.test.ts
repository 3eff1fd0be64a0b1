import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchLatency, type LatencyOptions } from '../../src/bench/latency.ts';
import { scoringConfig } from '../../src/bench/networks.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { DETECTOR_NAMES } from '../../src/methods/detectors.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { encodersFor } from '../../src/run/settings.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';

const pace = {
  peakGflops: 1,
  peakAt: 'matmul 256',
  copyGbs: 1,
  copyAt: '16 MiB',
  submitMs: 0,
  dispatchMs: 0,
};

describe('the scoring plan of a benchmark', () => {
  it.each(DETECTOR_NAMES)('the scoring plan of %s can be built with its defaults', (method) => {
    const config = scoringConfig(method, encodersFor({ method })[0]!, { batch: 1, size: 64, images: 10 });
    const graph = scorePlan(config, runLayouts(config, 1), ['none', 'cada'], 1);
    const { dispatches, memory } = buildPlan(graph, BASELINE_DEVICE);
    expect(dispatches.length).toBeGreaterThan(20);
    expect(memory.arenas).toBeGreaterThanOrEqual(memory.lowerBound);
  });
});

describe('wgad bench latency', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession();
  });
  afterAll(() => session.close());

  it('wgad bench latency times a method with a memory, its rows drawn, and names it', async () => {
    const options: LatencyOptions = {
      method: 'cfa',
      models: ['resnet18_w16'],
      batches: [1],
      size: 64,
      images: 10,
      alignments: ['none'],
      pace,
      onCase: () => {},
    };
    const [record, ...more] = await benchLatency(session, options);
    expect(more).toEqual([]);
    const chosen = { ...options, alignments: ['none', 'cada'] as const, filter: /cada 1 x/ };
    expect((await benchLatency(session, chosen)).map(({ name }) => name)).toEqual(['cfa resnet18_w16 cada']);
    await expect(benchLatency(session, { ...options, filter: /2 x/ })).rejects.toThrow(
      'none of 1 cases matches',
    );
    expect(record).toMatchObject({ suite: 'latency', name: 'cfa resnet18_w16 none', shape: '1 x 64 px' });
    expect(record!.medianMs).toBeGreaterThan(0);
    const rows = (await session.readSlabs(['memory buffers'])).get('memory buffers')!;
    expect(rows.length).toBeGreaterThanOrEqual(256 * 112);
    expect(new Set(rows.subarray(0, 100)).size).toBe(100);
  }, 400_000);
});
