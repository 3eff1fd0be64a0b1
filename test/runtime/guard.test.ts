import { expect, it } from 'vitest';
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
  // Each waits for the device's last words, half a second.
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
