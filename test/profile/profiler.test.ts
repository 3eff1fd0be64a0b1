import { describe, expect, it } from 'vitest';
import { revdistConfig } from '../../src/bench/networks.ts';
import { initialize } from '../../src/nn/init.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { type Clock, makeProfiler, type Profiler } from '../../src/runtime/profiler.ts';
import { openSession } from '../../src/runtime/session.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';

const BATCH = 1;
const SIZE = 64;
const RUNS = 3;

/** Scores of the demo's network with fresh weights on three inputs, and how many dispatches that took. */
async function scores(
  profiler?: Profiler,
): Promise<{ scores: number[]; dispatches: number; wallNs: number }> {
  const session = await openSession({ profiler });
  try {
    const config = revdistConfig('resnet18_w16', { batch: BATCH, size: SIZE });
    const layouts = runLayouts(config, 1);
    for (const layout of [...layouts.parts, layouts.heads.regressor]) {
      session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], 0));
    }
    const executable = await session.compile('score', scorePlan(config, layouts, ['cada'], 1));
    const images = new Float32Array(BATCH * 3 * SIZE * SIZE);
    const found: number[] = [];
    const began = performance.now();
    for (let run = 0; run < RUNS; run++) {
      images.fill(run);
      executable.run({ images });
      // A run that waits for the clock must not see what the caller does with its arrays afterwards.
      images.fill(Number.NaN);
      found.push((await executable.read(['score.cada'])).get('score.cada')![0]!);
    }
    const { plan } = executable;
    const dispatches = plan.dispatches.length + (RUNS - 1) * (plan.dispatches.length - plan.prelude);
    return { scores: found, dispatches, wallNs: (performance.now() - began) * 1e6 };
  } finally {
    session.close();
  }
}

describe.each<Clock>(['timestamp', 'wall'])('profiling with the clock %s', (clock) => {
  it('profiling times every dispatch within the time that passed, and changes no result', async () => {
    const bare = await scores();
    const profiler = makeProfiler(clock);
    const profiled = await scores(profiler);
    expect(profiled.scores).toEqual(bare.scores);
    expect(new Set(bare.scores).size).toBe(RUNS);
    expect(profiler.clock).toBe(clock);
    expect(profiler.times).toHaveLength(profiled.dispatches);
    expect(profiler.lost).toBe(0);
    expect(profiler.granularity).toBeGreaterThan(0);
    const total = profiler.times.reduce((sum, { ns }) => sum + ns, 0);
    expect(total).toBeGreaterThan(0);
    expect(total + profiler.between).toBeLessThan(1.05 * profiled.wallNs);
    for (const [i, { begin, ns }] of profiler.times.entries()) {
      expect(ns).toBeGreaterThanOrEqual(0);
      const next = profiler.times[i + 1];
      if (next) expect(next.begin).toBeGreaterThanOrEqual(begin + ns - 1);
    }
  }, 400_000);
});

it('asks for the precise clock: timestamps are not multiples of what Dawn rounds to', async () => {
  const profiler = makeProfiler();
  await scores(profiler);
  expect(profiler.granularity).toBeLessThan(65_536);
});
