import { OutOfMemoryError } from '../errors.ts';
import type { HostMemory } from './hostMemory.ts';

/**
 * Asks before memory is taken whether it is there. Software adapters take the host's and promise more than there is:
 * the process ends in a segmentation fault, or the system ends it, when the memory is first written.
 */
export interface MemoryRoom {
  /** What can be had now; undefined where nothing is known, as of a GPU's own memory. */
  available(): number | undefined;
  /** @throws OutOfMemoryError with what `label` needs and what is there. */
  require(label: string, bytes: number): void;
}

/** Left for everything else: share of what is available. */
const LEFT = 0.05;
/** So much at most is given out between two looks, which read several files: results of steps cost none. */
const CREDIT = 64 * 2 ** 20;

/** @param live bytes of all buffers and textures now. */
export function memoryRoom(host: HostMemory, live: () => number): MemoryRoom {
  const before = host.resident() ?? 0;
  let credit = 0;
  /** What was given out is the host's only once it was written: until then `available` does not know of it. */
  const unwritten = (): number => Math.max(0, live() - Math.max(0, (host.resident() ?? 0) - before));
  const available = (): number | undefined => {
    const bytes = host.available();
    return bytes === undefined ? undefined : Math.max(0, Math.floor(bytes * (1 - LEFT) - unwritten()));
  };
  return {
    available,
    require(label, bytes) {
      if (bytes <= credit) {
        credit -= bytes;
        return;
      }
      const room = available();
      if (room === undefined) return;
      if (bytes > room) throw notEnough(label, bytes, room);
      credit = Math.min(CREDIT, (room - bytes) / 16);
    },
  };
}

export const notEnough = (label: string, bytes: number, room: number): OutOfMemoryError =>
  new OutOfMemoryError(
    `${label}: needs ${mebibytes(bytes)} of memory, this machine has ${mebibytes(room)} left for it`,
    { asked: bytes, available: room },
    {
      fix: 'use a smaller batch or size, dispose of what is no longer needed, or give the process more memory',
    },
  );

/** A GPU has memory of its own, of which WebGPU tells nothing before it ends. */
export const UNKNOWN_ROOM: MemoryRoom = { available: () => undefined, require() {} };

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
