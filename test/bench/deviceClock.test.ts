import { expect, it } from 'vitest';
import { deviceClock } from '../../src/bench/deviceClock.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { input } from '../../src/graph/value.ts';
import { readableMs } from '../../src/runtime/profiler.ts';
import { openSession } from '../../src/runtime/session.ts';

it('gives no time that the clock is too coarse for', () => {
  expect(readableMs(4e6, 2, 65_536)).toBe(4);
  expect(readableMs(2e6, 2, 65_536)).toBeNull();
  expect(readableMs(19, 1, 1)).toBeNull();
});

it('times replays by timestamps, and nothing else that runs', async ({ skip }) => {
  const clock = deviceClock();
  const session = await openSession({ profiler: clock.profiler });
  try {
    const out = matmul(input('a', [256, 256]), input('b', [256, 256]));
    const executable = await session.compile('product', { outputs: new Map([['out', out]]), effects: [] });
    executable.run();
    expect((await executable.read()).get('out')).toHaveLength(256 * 256);
    expect(clock.profiler.times).toHaveLength(0);
    const { gpuMs, granularityNs } = await clock.time(session.gpu, executable);
    const timestamps = session.gpu.device.features.has('timestamp-query');
    expect(gpuMs !== undefined).toBe(timestamps);
    skip(!timestamps, 'needs timestamp-query');
    expect(granularityNs).toBeGreaterThan(0);
    expect(gpuMs).toBeGreaterThan(0);
    const seen = clock.profiler.times.length;
    expect(seen).toBe(5 * executable.plan.dispatches.length);
    executable.run();
    await executable.read();
    expect(clock.profiler.times).toHaveLength(seen);
  } finally {
    session.close();
  }
});
