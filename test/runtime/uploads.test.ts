import { afterAll, beforeAll, expect, it } from 'vitest';
import { shift } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { countCreations } from './creations.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

/** Above and below what staging buffers are kept for. */
it.each([2 ** 18, 2 ** 10])(
  '%i numbers arrive in the order of the runs, also where none waits',
  async (count) => {
    const graph = { outputs: new Map([['y', shift(input('x', [count]), 1)]]), effects: [] };
    const before = { ...session.gpu.buffers.counters };
    const executable = await session.compile('uploads', graph);
    const creations = countCreations();
    for (let round = 0; round < 4; round++) {
      // More than there are staging buffers; the caller's array is its own again after each.
      const x = new Float32Array(count);
      for (let i = 0; i < 5; i++) {
        x.fill(10 * round + i);
        executable.run({ x });
      }
      x.fill(-1);
      const y = (await executable.read()).get('y') as Float32Array;
      expect(y.every((value) => value === 10 * round + 5)).toBe(true);
    }
    creations.stop();
    expect(creations.count()).toBe(0);
    executable.destroy();
    expect({ ...session.gpu.buffers.counters, peak: 0 }).toEqual({ ...before, peak: 0 });
  },
);
