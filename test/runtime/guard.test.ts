import { expect, it } from 'vitest';
import { ConfigError, GpuError } from '../../src/errors.ts';
import { guardDevice } from '../../src/gpu/guard.ts';
import { collectGarbage } from '../collectGarbage.ts';

/** What a guard sees of a device. */
class FakeDevice extends EventTarget {
  lose!: (info: { reason: string; message: string }) => void;
  readonly lost = new Promise((resolve) => {
    this.lose = resolve;
  });
}

const guarded = () => {
  const device = new FakeDevice();
  return { device, guard: guardDevice(device as unknown as GPUDevice) };
};
const LOST = expect.objectContaining({ code: 'E_DEVICE_LOST' });

it('keeps nothing of a wait that has ended', async () => {
  const { guard } = guarded();
  const results: WeakRef<object>[] = [];
  for (let i = 0; i < 100; i++) {
    const result = await guard.wait(Promise.resolve({ i }));
    results.push(new WeakRef(result));
  }
  for (let i = 0; i < 2; i++) await guard.wait(Promise.reject(new Error('refused'))).catch(() => {});
  await collectGarbage();
  // The last one may still lie in a register.
  expect(results.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(1);
  guard.check();
});

it('ends every wait in progress, and refuses the later ones, once the device is lost', async () => {
  const { device, guard } = guarded();
  const waiting = [1, 2].map(() => guard.wait(new Promise(() => {})));
  const settled = Promise.allSettled(waiting);
  device.lose({ reason: 'unknown', message: 'for a test' });
  for (const each of await settled) expect(each).toMatchObject({ status: 'rejected', reason: LOST });
  expect(() => guard.check()).toThrow(LOST);
  await expect(guard.wait(Promise.resolve(1))).rejects.toThrow(LOST);
  // What the device says of its own loss is no news, and nobody's to catch.
  await expect(guard.wait(Promise.reject(new Error('aborted')))).rejects.toThrow(LOST);
});

/** Whether a wait that is rejected with `error` has ended a few turns of the event loop later. */
async function endsAtOnce(error: unknown): Promise<boolean> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  guarded().guard.wait(Promise.reject(error)).then(end, end);
  for (let turn = 0; turn < 10; turn++) await new Promise((next) => setImmediate(next));
  return ended;
}

const pipelineError = (reason: string): Error =>
  Object.assign(new Error('refused'), { name: 'GPUPipelineError', reason });

it.each([
  ['a fault of a program', new TypeError('x is not a function')],
  ['an error that was typed before', new ConfigError('batch expects 1')],
  ['a validation error', new GpuError('E_GPU', 'conv1: refused')],
  ['memory that is not there', new GpuError('E_OUT_OF_MEMORY', 'conv1: refused')],
  ['a shader that does not compile', new GpuError('E_GPU', 'conv1', { cause: pipelineError('validation') })],
  ['no error at all', undefined],
])('does not hold back %s', async (_, error) => {
  expect(await endsAtOnce(error)).toBe(true);
});

it.each([
  ['a mapping', new DOMException('', 'AbortError')],
  ['mapped bytes', new DOMException('', 'OperationError')],
  ['bytes that were taken back', new TypeError('Cannot perform slice on a detached ArrayBuffer')],
  ['a compilation', new GpuError('E_GPU', 'conv1', { cause: pipelineError('internal') })],
])('takes %s that was given up for the loss that the device tells a moment later', async (_, error) => {
  const { device, guard } = guarded();
  const wait = guard.wait(Promise.reject(error)).catch((reason: unknown) => reason);
  for (let turn = 0; turn < 10; turn++) await new Promise((next) => setImmediate(next));
  device.lose({ reason: 'unknown', message: 'for a test' });
  expect(await wait).toEqual(LOST);
});
