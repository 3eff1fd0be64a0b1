import { submit } from '../gpu/submit.ts';
import type { Dtype } from '../graph/value.ts';
import { ELEMENT_BYTES } from '../kernels/kernel.ts';
import { wordBytes } from '../plan/plan.ts';
import type { Gpu } from './gpu.ts';
import { type NumberArray, numbersFrom } from './state.ts';

/** The first `length` elements of a buffer, through a read-back buffer of its own: for results, not for steps. */
export async function readBuffer(
  gpu: Gpu,
  from: GPUBuffer,
  length: number,
  dtype: Dtype = 'f32',
): Promise<NumberArray> {
  const waiting = gpu.submitter.settled();
  if (waiting) await gpu.guard.wait(waiting);
  const bytes = length * ELEMENT_BYTES[dtype];
  const padded = wordBytes(bytes);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = gpu.buffers.create('read-back', padded, usage);
  try {
    const copy = { from, fromOffset: 0, to: staging, toOffset: 0, bytes: padded };
    submit(gpu.device, 'read-back', [], { after: [copy] });
    return await mapped(gpu, staging, (range) => numbersFrom(range.slice(0, bytes), dtype));
  } finally {
    gpu.buffers.destroy(staging);
  }
}

/**
 * Waits until the device has filled a read-back buffer, and returns what `read` makes of its bytes. `read` runs at once: if
 * the device is lost later the bytes are gone. @throws GpuError if the device fails before.
 */
export async function mapped<T>(gpu: Gpu, staging: GPUBuffer, read: (bytes: ArrayBuffer) => T): Promise<T> {
  await gpu.guard.wait(staging.mapAsync(GPUMapMode.READ));
  try {
    return read(staging.getMappedRange());
  } catch (error) {
    throw await gpu.guard.explain(error);
  }
}
