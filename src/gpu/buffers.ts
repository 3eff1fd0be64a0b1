import { LimitError } from '../errors.ts';
import { type MemoryRoom, mebibytes } from './memoryRoom.ts';
import type { GPUBuffer, GPUDevice, GPUTexture } from './webgpuTypes.ts';

/** Bytes and buffers in use; what `engine.memory()` reports. */
interface MemoryCounters {
  live: number;
  peak: number;
  buffers: number;
}

/** Format of all textures: four f32 per texel. */
export const TEXTURE_FORMAT = 'rgba32float';
export const TEXEL_BYTES = 16;

/** What a buffer of `bytes` takes. */
export const bufferBytes = (bytes: number): number => Math.max(16, Math.ceil(bytes / 4) * 4);

interface TextureSize {
  readonly width: number;
  readonly height: number;
  readonly layers: number;
}
/** What a texture takes. */
export const textureBytes = ({ width, height, layers }: TextureSize): number =>
  width * height * layers * TEXEL_BYTES;

/** Makes labelled buffers and textures and counts them. No pool: the plan owns placement, so nothing is made per step. */
export interface BufferMaker {
  readonly counters: Readonly<MemoryCounters>;
  /** For callers that allocate in several pieces, to check the total first. */
  readonly room: MemoryRoom;
  /**
   * @throws LimitError where no buffer of the device can hold it; OutOfMemoryError where the host's memory, which is the
   * device's, cannot. Both say what was asked and what there is.
   */
  create(label: string, bytes: number, usage: number, mapped?: boolean): GPUBuffer;
  /** A texture of four f32 a texel that shaders read as storage, in texels. @throws OutOfMemoryError as `create`. */
  createTexture(label: string, size: TextureSize): GPUTexture;
  destroy(made: GPUBuffer | GPUTexture): void;
  destroyAll(): void;
}

/** @param roomFor tells of the memory there is, given what is in use here. */
export function bufferMaker(device: GPUDevice, roomFor: (live: () => number) => MemoryRoom): BufferMaker {
  const counters: MemoryCounters = { live: 0, peak: 0, buffers: 0 };
  const room = roomFor(() => counters.live);
  const made = new Map<GPUBuffer | GPUTexture, number>();
  const count = (thing: GPUBuffer | GPUTexture, bytes: number): void => {
    made.set(thing, bytes);
    counters.live += bytes;
    counters.buffers += 1;
    counters.peak = Math.max(counters.peak, counters.live);
  };
  const destroy = (thing: GPUBuffer | GPUTexture): void => {
    const bytes = made.get(thing);
    if (bytes === undefined) return;
    made.delete(thing);
    counters.live -= bytes;
    counters.buffers -= 1;
    thing.destroy();
  };
  return {
    counters,
    room,
    create(label, bytes, usage, mappedAtCreation = false) {
      const size = bufferBytes(bytes);
      if (size > device.limits.maxBufferSize) {
        throw new LimitError(
          `${label}: needs a buffer of ${mebibytes(size)}, this adapter allows ${mebibytes(device.limits.maxBufferSize)}`,
          { fix: 'use a smaller batch or size' },
        );
      }
      room.require(label, size);
      const buffer = device.createBuffer({ label, size, usage, mappedAtCreation });
      count(buffer, size);
      return buffer;
    },
    createTexture(label, size) {
      const { width, height, layers } = size;
      room.require(label, textureBytes(size));
      const texture = device.createTexture({
        label,
        size: [width, height, layers],
        format: TEXTURE_FORMAT,
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      });
      count(texture, textureBytes(size));
      return texture;
    },
    destroy,
    destroyAll() {
      for (const thing of [...made.keys()]) destroy(thing);
    },
  };
}
