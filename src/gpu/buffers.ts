import { LimitError } from '../errors.ts';

/** Bytes and buffers in use; what `engine.memory()` reports. */
export interface MemoryCounters {
  live: number;
  peak: number;
  buffers: number;
}

/** Makes labelled buffers and counts them. No pool: the plan owns placement, so nothing is made per step. */
export interface BufferMaker {
  readonly counters: Readonly<MemoryCounters>;
  /** @throws LimitError where the device cannot hold it; says what was asked and what is allowed. */
  create(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer;
  destroy(buffer: GPUBuffer): void;
}

export function bufferMaker(device: GPUDevice): BufferMaker {
  const counters: MemoryCounters = { live: 0, peak: 0, buffers: 0 };
  const made = new Set<GPUBuffer>();
  return {
    counters,
    create(label, bytes, usage) {
      const size = Math.max(16, Math.ceil(bytes / 4) * 4);
      if (size > device.limits.maxBufferSize) {
        throw new LimitError(
          `${label}: needs a buffer of ${mebibytes(size)}, this adapter allows ${mebibytes(device.limits.maxBufferSize)}`,
          { fix: 'use a smaller --batch or --size' },
        );
      }
      const buffer = device.createBuffer({ label, size, usage });
      made.add(buffer);
      counters.live += size;
      counters.buffers += 1;
      counters.peak = Math.max(counters.peak, counters.live);
      return buffer;
    },
    destroy(buffer) {
      if (!made.delete(buffer)) return;
      counters.live -= buffer.size;
      counters.buffers -= 1;
      buffer.destroy();
    },
  };
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
