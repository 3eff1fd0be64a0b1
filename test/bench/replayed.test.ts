import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceClock } from '../../src/bench/deviceClock.ts';
import { prepareCase } from '../../src/bench/kernels.ts';
import { measurePlan, replaysOf, sampleReplays } from '../../src/bench/planCase.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
  for (const name of ['a', 'b']) session.state.set(name, new Float32Array(64).fill(1), [8, 8]);
});
afterAll(() => session.close());

const productOf = (a: Value): Graph => ({
  outputs: new Map([['product', matmul(a, state('b', [8, 8]))]]),
  effects: [],
});
const REFUSAL = expect.objectContaining({
  code: 'E_CONFIG',
  message: expect.stringMatching(/a replay computes nothing.* dispatches depend on state alone$/),
  fix: expect.stringContaining('make an operand an input'),
});

describe('a plan of state alone, which is computed once and replays nothing', () => {
  it('a plan of state alone is refused by everything that times replays', async () => {
    const graph = productOf(state('a', [8, 8]));
    const executable = await session.compile('product', graph);
    const name = { suite: 'test', name: 'product', shape: '8x8' };
    const kernelCase = {
      ...{ name: 'product', shape: '8x8', kind: 'matmul', networks: [], bytes: 0, macs: 0, uses: 1 },
      build: () => ({ graph, states: [] }),
    };
    const timed: Record<string, () => unknown> = {
      replaysOf: () => replaysOf(session.gpu, executable),
      sampleReplays: () => sampleReplays(session, executable),
      measurePlan: () => measurePlan(session, name, graph),
      prepareCase: () => prepareCase(session, kernelCase),
      'the device clock': () => deviceClock().time(session.gpu, executable),
    };
    for (const [which, time] of Object.entries(timed)) {
      await expect((async () => time())(), which).rejects.toThrow(REFUSAL);
    }
    executable.destroy();
  });

  it('a plan of state alone is timed where an operand comes in at every run', async () => {
    const executable = await session.compile('product', productOf(input('a', [8, 8])));
    const { enqueue, finish } = replaysOf(session.gpu, executable);
    enqueue(2);
    await finish();
    executable.destroy();
  });
});
