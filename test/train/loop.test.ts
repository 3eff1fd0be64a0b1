import { expect, it } from 'vitest';
import { LEAST_LOSS_SCALE, LOSS_SCALE } from '../../src/nn/lossScale.ts';
import type { Executable } from '../../src/runtime/executable.ts';
import type { Gpu } from '../../src/runtime/gpu.ts';
import { trainLoop } from '../../src/train/loop.ts';

it('prepares the next batch and enqueues the next step while the device works on this one', async () => {
  const events: string[] = [];
  let step = -1;
  const workDone = async (): Promise<void> => {
    const asked = step;
    await settled();
    events.push(`done ${asked}`);
  };
  const executable = {
    plan: { label: 'step' },
    run: () => void events.push(`run ${++step}`),
    read: async () => {
      await workDone();
      return new Map([['loss', Float32Array.of(1)]]);
    },
  } as unknown as Executable;
  const gpu = {
    submitter: { settled: () => undefined },
    guard: { wait: (promise: Promise<unknown>) => promise },
    device: {
      queue: {
        onSubmittedWorkDone: workDone,
      },
    },
  } as unknown as Gpu;
  await trainLoop({
    gpu,
    executable,
    start: 0,
    iterations: 5,
    inputsAt: async (at) => {
      events.push(`inputs ${at}`);
      return {};
    },
  });
  expect(events).toEqual([
    ...['inputs 0', 'run 0', 'inputs 1', 'done 0'],
    // Its loss is read, so the first step is waited for. Then one is always in the queue behind the one at work.
    ...['run 1', 'inputs 2'],
    ...['run 2', 'inputs 3', 'done 1'],
    ...['run 3', 'inputs 4', 'done 2'],
    ...['run 4', 'done 3', 'done 4'],
  ]);
});

/** A turn of the event loop: whatever can begin has begun. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('gives up inputs that are under way when it is stopped, and saves the steps before them', async () => {
  const stop = new AbortController();
  const saved: number[] = [];
  const reported: number[] = [];
  let runs = 0;
  const executable = {
    plan: { label: 'step' },
    run: () => void runs++,
    read: async () => new Map([['loss', Float32Array.of(1)]]),
  } as unknown as Executable;
  const gpu = {
    submitter: { settled: () => undefined },
    guard: { wait: (promise: Promise<unknown>) => promise },
    device: { queue: { onSubmittedWorkDone: settled } },
  } as unknown as Gpu;
  const stopAt = (last: number) =>
    trainLoop({
      gpu,
      executable,
      start: 2,
      iterations: 9,
      signal: stop.signal,
      // The images of one step are large: they come when their loader is stopped, or never.
      inputsAt: (at) =>
        at < last
          ? Promise.resolve({})
          : new Promise((_, reject) => {
              stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error));
              setImmediate(() => setImmediate(() => stop.abort()));
            }),
      onReport: ({ step }) => reported.push(step),
      save: async (done) => void saved.push(done),
    });
  expect(await stopAt(5)).toBe(5);
  expect([runs, saved, reported.at(-1)]).toEqual([3, [5], 5]);
  // Nothing was done: nothing is saved over what was there.
  expect(
    await trainLoop({
      gpu,
      executable,
      start: 2,
      iterations: 9,
      signal: stop.signal,
      inputsAt: () => Promise.reject(stop.signal.reason as Error),
      save: async (done) => void saved.push(done),
    }),
  ).toBe(2);
  expect(saved).toEqual([5]);
  const other = new Error('cannot read image');
  await expect(
    trainLoop({
      gpu,
      executable,
      start: 0,
      iterations: 2,
      signal: stop.signal,
      inputsAt: () => Promise.reject(other),
    }),
  ).rejects.toBe(other);
});

it('stops where gradients overflow f16 whatever the scale of the loss', async () => {
  const executable = {
    plan: { label: 'step' },
    run: () => {},
    read: async () =>
      new Map([
        ['loss', Float32Array.of(1)],
        [LOSS_SCALE, Float32Array.of(LEAST_LOSS_SCALE)],
      ]),
  } as unknown as Executable;
  const saved: number[] = [];
  const training = trainLoop({
    gpu: {} as Gpu,
    executable,
    start: 0,
    iterations: 1,
    inputsAt: async () => ({}),
    save: async (done) => void saved.push(done),
  });
  await expect(training).rejects.toMatchObject({
    code: 'E_NOT_FINITE',
    message: expect.stringContaining(
      'the gradients overflow f16 at step 0, even with the loss times 0.00006103515625',
    ),
    where: 'step',
  });
  expect(saved).toEqual([]);
});
