import { OutOfMemoryError } from '../errors.ts';
import type { HostMemory } from './hostMemory.ts';

/**
 * Checks before an allocation that enough memory is free. Software adapters use the host's memory and overcommit: the
 * process crashes, or is killed by the system, when the memory is first written.
 */
export interface MemoryRoom {
  /** Available memory; undefined if unknown, as for a GPU's own memory. */
  available(): number | undefined;
  /** @throws OutOfMemoryError with what `label` needs and what is there. */
  require(label: string, bytes: number): void;
}

/** Share of available memory that is left for everything else, and the least of it: */
const LEFT = 0.05;
/** compilers, decoded images and Node's heap took 80 MiB beside what was counted, in a control group of 330 MiB. */
const LEAST_LEFT = 96 * 2 ** 20;
/** Most bytes allocated between two checks, which read several files; small results of steps then need no check. */
const CREDIT = 64 * 2 ** 20;

/** @param live bytes of all buffers and textures now. */
export function memoryRoom(host: HostMemory, live: () => number): MemoryRoom {
  const before = host.resident() ?? 0;
  let credit = 0;
  /** Allocated but not yet written memory, which `available` does not count as used. */
  const unwritten = (): number => Math.max(0, live() - Math.max(0, (host.resident() ?? 0) - before));
  const available = (): number | undefined => {
    const bytes = host.available();
    return bytes === undefined
      ? undefined
      : Math.max(0, Math.floor(bytes - Math.max(LEFT * bytes, LEAST_LEFT) - unwritten()));
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

/** A GPU has its own memory; WebGPU does not report how much. */
export const UNKNOWN_ROOM: MemoryRoom = { available: () => undefined, require() {} };

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
