import { type BufferMaker, bufferBytes } from './buffers.ts';
import { type BufferCopy, submit } from './submit.ts';
import type { GPUBuffer, GPUDevice } from './webgpuTypes.ts';

/**
 * Staging buffers that stay mapped until they are used. `queue.writeBuffer` allocates fresh memory for every write of
 * more than a few MiB, touches each page and frees it: 2.2 times as long for a batch of images on the software adapter
 * (43 against 20 ms for 12 MiB on a loaded core). Below `RING_BYTES` it is as fast, and used.
 */
export interface UploadRing {
  /** Enqueues a copy of `data` to the front of `to`. False where no buffer is free yet: use `writeBuffer` then. */
  write(label: string, to: GPUBuffer, data: ArrayBufferView): boolean;
}

/** Smallest upload that gets a ring. */
export const RING_BYTES = 2 ** 18;
/** One is filled while the device may still read the other. */
const SLOTS = 2;
/** Bytes of a ring for uploads of `bytes`. */
export const ringBytes = (bytes: number): number => SLOTS * bufferBytes(bytes);

/** A ring for uploads of `bytes` each (a multiple of 4); its buffers are added to `owned`, for the caller to destroy. */
export function uploadRing(
  device: GPUDevice,
  buffers: BufferMaker,
  { label, bytes, owned }: { label: string; bytes: number; owned: GPUBuffer[] },
): UploadRing {
  const usage = GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC;
  const free: GPUBuffer[] = [];
  for (let i = 0; i < SLOTS; i++) {
    const buffer = buffers.create(`${label} upload ${i}`, bytes, usage, true);
    owned.push(buffer);
    free.push(buffer);
  }
  return {
    write(what, to, data) {
      const from = free.shift();
      if (!from) return false;
      new Uint8Array(from.getMappedRange()).set(
        new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
      );
      from.unmap();
      const copy: BufferCopy = { from, fromOffset: 0, to, toOffset: 0, bytes: data.byteLength };
      submit(device, `${what} upload`, [], { after: [copy] });
      // It fails if the buffer was destroyed or the device lost; then the ring is no longer used.
      from.mapAsync(GPUMapMode.WRITE).then(
        () => void free.push(from),
        () => {},
      );
      return true;
    },
  };
}
