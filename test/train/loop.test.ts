import { expect, it } from 'vitest';
import type { Executable } from '../../src/runtime/executable.ts';
import type { Gpu } from '../../src/runtime/gpu.ts';
import { trainLoop } from '../../src/train/loop.ts';

it('prepares the next batch while the device works on this one', async () => {
  const events: string[] = [];
  let step = -1;
  const executable = {
    plan: { label: 'step' },
    run: () => void events.push(`run ${++step}`),
    read: async () => {
      await settled();
      events.push(`done ${step}`);
      return new Map([['loss', Float32Array.of(1)]]);
    },
  } as unknown as Executable;
  const gpu = {
    submitter: { settled: () => undefined },
    guard: { wait: (promise: Promise<unknown>) => promise },
    device: {
      queue: {
        onSubmittedWorkDone: async () => {
          await settled();
          events.push(`done ${step}`);
        },
      },
    },
  } as unknown as Gpu;
  await trainLoop({
    gpu,
    executable,
    start: 0,
    iterations: 3,
    inputsAt: async (at) => {
      events.push(`inputs ${at}`);
      return {};
    },
  });
  expect(events).toEqual([
    'inputs 0',
    'run 0',
    'inputs 1',
    'done 0',
    'run 1',
    'inputs 2',
    'done 1',
    'run 2',
    'done 2',
  ]);
});

/** A turn of the event loop: whatever can begin has begun. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
