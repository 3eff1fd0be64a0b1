import { LimitError } from '../errors.ts';

/** Bytes and buffers in use; what `engine.memory()` reports. */
export interface MemoryCounters {
  live: number;
  peak: number;
  buffers: number;
}

/** Of every texture here: four f32 a texel. */
export const IMAGE_FORMAT = 'rgba32float';
export const TEXEL_BYTES = 16;

/** Makes labelled buffers and textures and counts them. No pool: the plan owns placement, so nothing is made per step. */
export interface BufferMaker {
  readonly counters: Readonly<MemoryCounters>;
  /** @throws LimitError where the device cannot hold it; says what was asked and what is allowed. */
  create(label: string, bytes: number, usage: GPUBufferUsageFlags, mapped?: boolean): GPUBuffer;
  /** A texture of four f32 a texel that shaders read as storage, in texels. */
  createImage(label: string, size: { width: number; height: number; layers: number }): GPUTexture;
  destroy(made: GPUBuffer | GPUTexture): void;
}

export function bufferMaker(device: GPUDevice): BufferMaker {
  const counters: MemoryCounters = { live: 0, peak: 0, buffers: 0 };
  const made = new Map<GPUBuffer | GPUTexture, number>();
  const count = (thing: GPUBuffer | GPUTexture, bytes: number): void => {
    made.set(thing, bytes);
    counters.live += bytes;
    counters.buffers += 1;
    counters.peak = Math.max(counters.peak, counters.live);
  };
  return {
    counters,
    create(label, bytes, usage, mappedAtCreation = false) {
      const size = Math.max(16, Math.ceil(bytes / 4) * 4);
      if (size > device.limits.maxBufferSize) {
        throw new LimitError(
          `${label}: needs a buffer of ${mebibytes(size)}, this adapter allows ${mebibytes(device.limits.maxBufferSize)}`,
          { fix: 'use a smaller --batch or --size' },
        );
      }
      const buffer = device.createBuffer({ label, size, usage, mappedAtCreation });
      count(buffer, size);
      return buffer;
    },
    createImage(label, { width, height, layers }) {
      const texture = device.createTexture({
        label,
        size: [width, height, layers],
        format: IMAGE_FORMAT,
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      });
      count(texture, width * height * layers * TEXEL_BYTES);
      return texture;
    },
    destroy(thing) {
      const bytes = made.get(thing);
      if (bytes === undefined) return;
      made.delete(thing);
      counters.live -= bytes;
      counters.buffers -= 1;
      thing.destroy();
    },
  };
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
