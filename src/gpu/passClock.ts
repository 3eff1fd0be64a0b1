import type { GPUBuffer, GPUCommandEncoder, GPUDevice, GPUQuerySet } from './webgpuTypes.ts';

/** The device's own clock around compute passes: timestamps written at a pass's ends, and their way back. */
export interface PassClock {
  /** Room for up to `PASSES_A_LEASE` passes of one submit. */
  lease(): PassLease;
  destroy(): void;
}

export interface PassLease {
  /** For the descriptor of pass `index`. */
  writes(index: number): PassTimestamps;
  /** Encodes the transfer of the first `passes` passes' times; after the last of them. */
  resolve(encoder: GPUCommandEncoder, passes: number): void;
  /** After the submit: begin and end of each pass in nanoseconds. The lease's place is then free again. */
  read(passes: number): Promise<BigUint64Array>;
}

/** WebGPU's GPUComputePassTimestampWrites. */
interface PassTimestamps {
  querySet: GPUQuerySet;
  beginningOfPassWriteIndex: number;
  endOfPassWriteIndex: number;
}

/** A query set holds at most 4096 timestamps, two a pass. */
export const PASSES_A_LEASE = 1024;
const TIME_BYTES = 8;

interface Place {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly staging: GPUBuffer;
}

/** @param device with the feature `timestamp-query`. */
export function passClock(device: GPUDevice): PassClock {
  const all: Place[] = [];
  const free: Place[] = [];
  const size = 2 * PASSES_A_LEASE * TIME_BYTES;
  const make = (): Place => {
    const place = {
      queries: device.createQuerySet({ label: 'pass times', type: 'timestamp', count: 2 * PASSES_A_LEASE }),
      resolved: device.createBuffer({
        label: 'pass times',
        size,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      }),
      staging: device.createBuffer({
        label: 'pass times read-back',
        size,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
    };
    all.push(place);
    return place;
  };
  return {
    lease() {
      const place = free.pop() ?? make();
      const { queries, resolved, staging } = place;
      return {
        writes: (index) => ({
          querySet: queries,
          beginningOfPassWriteIndex: 2 * index,
          endOfPassWriteIndex: 2 * index + 1,
        }),
        resolve(encoder, passes) {
          encoder.resolveQuerySet(queries, 0, 2 * passes, resolved, 0);
          encoder.copyBufferToBuffer(resolved, 0, staging, 0, 2 * passes * TIME_BYTES);
        },
        async read(passes) {
          const bytes = 2 * passes * TIME_BYTES;
          await staging.mapAsync(GPUMapMode.READ, 0, bytes);
          const times = new BigUint64Array(staging.getMappedRange(0, bytes).slice(0));
          staging.unmap();
          free.push(place);
          return times;
        },
      };
    },
    destroy() {
      for (const { queries, resolved, staging } of all.splice(0)) {
        for (const each of [queries, resolved, staging]) each.destroy();
      }
    },
  };
}
