import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calmPolling } from '../../src/gpu/polling.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { input } from '../../src/graph/value.ts';
import { idle } from '../../src/runtime/gpu.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

/** As native modules make them: without a name, and not written in JavaScript. */
const native = (callback: () => void): (() => void) => callback.bind(undefined);

describe('waiting for the device', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession();
  });
  afterAll(() => session.close());

  it.runIf(process.platform === 'linux')(
    'waiting for the device leaves the cores to a software adapter',
    async ({ skip }) => {
      skip(!session.gpu.adapter.software, 'needs a software adapter');
      const side = 768;
      const [a, b] = [input('a', [side, side]), input('b', [side, side])];
      const executable = await session.compile('product', {
        outputs: new Map([['product', matmul(a, b)]]),
        effects: [],
      });
      const numbers = new Float32Array(side * side).fill(0.5);
      executable.run({ a: numbers, b: numbers });
      await idle(session.gpu);
      const before = performance.eventLoopUtilization();
      for (let i = 0; i < 8; i++) {
        executable.run({ a: numbers, b: numbers });
        executable.run({ a: numbers, b: numbers });
        await idle(session.gpu);
      }
      // Asking without pause keeps the loop busy all of the time.
      expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7);
      executable.destroy();
    },
  );

  it('waiting for the device passes on what others hand to setImmediate', async () => {
    const order: unknown[] = [];
    await new Promise<void>((resolve) => {
      setImmediate((a: number, b: string) => order.push(a, b), 1, 'two');
      setImmediate(() => order.push('three'));
      setImmediate(resolve);
    });
    expect(order).toEqual([1, 'two', 'three']);
    expect(await promisify(setImmediate)('value')).toBe('value');
    const cancelled = setImmediate(() => order.push('never'));
    clearImmediate(cancelled);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(order).toHaveLength(3);
  });

  it('waiting for the device calls a native function every time, at once or after a pause', async () => {
    let called = 0;
    const until = performance.now() + 30;
    await new Promise<void>((resolve) => {
      const ask = (): void => {
        called++;
        if (performance.now() > until) resolve();
        else setImmediate(native(ask));
      };
      setImmediate(native(ask));
    });
    expect(called).toBeGreaterThan(2);
  });

  it('waiting for the device is arranged once', () => {
    const arranged = setImmediate;
    calmPolling();
    expect(setImmediate).toBe(arranged);
  });
});
