import { expect, it } from 'vitest';
import { square } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { deviceParking } from '../../src/runtime/parkedDevice.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

const squares = async (session: Session): Promise<number[]> => {
  const outputs = new Map([['y', square(input('x', [4]))]]);
  const executable = await session.compile('squares', { outputs, effects: [] });
  executable.run({ x: Float32Array.of(1, 2, 3, 4) });
  return [...(await executable.read()).get('y')!];
};

const COPY =
  '@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n@compute @workgroup_size(1) fn main() { x[0] = x[1]; }';

/** An error of the device that no scope catches. */
const fail = ({ gpu }: Session): void =>
  void gpu.device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });

it('a device goes from a session to the next with its kernels and without its memory, to one at a time', async () => {
  const parking = deviceParking();
  const first = await openSession({ parking });
  const { device, pipelines } = first.gpu;
  first.state.set('left', new Float32Array(4), [4]);
  expect(await squares(first)).toEqual([1, 4, 9, 16]);
  expect(first.gpu.buffers.counters.live).toBeGreaterThan(0);
  const late = pipelines.lease('late', COPY, [{ access: 'readWrite' }]);
  await late.pipeline;
  first.close();
  expect(first.gpu.buffers.counters).toMatchObject({ live: 0, buffers: 0 });

  const second = await openSession({ parking });
  expect(second.gpu.device).toBe(device);
  expect(second.gpu.pipelines.size).toBe(2);
  // What the first does once it is closed is of no concern to the second.
  late.release(null);
  first.close();
  expect(second.gpu.pipelines.size).toBe(2);
  expect(second.state.has('left')).toBe(false);
  expect(second.gpu.buffers.counters).toMatchObject({ live: 0, peak: 0 });
  const beside = await openSession({ parking });
  expect(beside.gpu.device).not.toBe(device);
  expect(await squares(beside)).toEqual(await squares(second));
  second.close();
  // In its place.
  beside.close();
  const third = await openSession({ parking });
  expect(third.gpu.device).toBe(beside.gpu.device);
  third.close();
  parking.clear();
  const last = await openSession({ parking });
  expect(last.gpu.device).not.toBe(third.gpu.device);
  last.close();
  parking.clear();
});

it('kernels that no session has used for a while are forgotten', async () => {
  const parking = deviceParking();
  for (const size of [1, 1, 1, 0]) {
    const session = await openSession({ parking });
    if (size === 1 && session.gpu.pipelines.size === 0) await squares(session);
    expect(session.gpu.pipelines.size).toBe(1);
    session.close();
  }
  const session = await openSession({ parking });
  expect(session.gpu.pipelines.size).toBe(0);
  session.close();
  parking.clear();
});

it('a device that failed, was lost or is asked for otherwise is not handed on', async () => {
  const parking = deviceParking();
  const failed = await openSession({ parking });
  fail(failed);
  await failed.gpu.device.queue.onSubmittedWorkDone();
  await new Promise((settle) => setTimeout(settle, 50));
  expect(failed.gpu.guard.isSound()).toBe(false);
  failed.close();
  const late = await openSession({ parking });
  expect(late.gpu.device).not.toBe(failed.gpu.device);
  late.close();
  // Parked by now.
  fail(late);
  const lost = await openSession({ parking });
  expect(lost.gpu.device).not.toBe(late.gpu.device);
  lost.close();
  lost.gpu.device.destroy();
  await lost.gpu.device.lost;
  const next = await openSession({ parking });
  expect(next.gpu.device).not.toBe(lost.gpu.device);
  expect(await squares(next)).toEqual([1, 4, 9, 16]);
  next.close();
  const named = await openSession({ parking, adapter: '0' });
  expect(named.gpu.device).not.toBe(next.gpu.device);
  named.close();
  parking.clear();
});

it('a device that still compiles is closed, and one that is closed with its engine is the engine’s own', async () => {
  const parking = deviceParking();
  const busy = await openSession({ parking });
  const { pipeline } = busy.gpu.pipelines.lease('busy', COPY, [{ access: 'readWrite' }]);
  busy.close();
  await pipeline;
  await busy.gpu.device.lost;
  const next = await openSession({ parking });
  expect(next.gpu.device).not.toBe(busy.gpu.device);
  next.close();
  const engine = await Engine.create();
  const { device } = engine.gpu;
  expect(device).not.toBe(next.gpu.device);
  engine.dispose();
  expect((await device.lost).reason).toBe('destroyed');
  // @ts-expect-error: it is no option of an engine.
  await expect(Engine.create({ parking })).rejects.toThrow(/parking/);
  parking.clear();
});
