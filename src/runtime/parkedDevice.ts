import { type DeviceGuard, guardDevice } from '../gpu/guard.ts';
import type { OpenGpu } from '../gpu/open.ts';
import type { PipelineCache } from '../gpu/pipelines.ts';

/** An open device between two sessions, with the kernels that the last one compiled. */
interface Parked {
  readonly open: OpenGpu;
  readonly pipelines: PipelineCache;
}

/**
 * Keeps a device from one session of a process to the next, which then opens none and compiles nothing twice. One session
 * at a time has it; others open their own. For programs that end by themselves: a parked device keeps Node from exiting.
 */
export interface DeviceParking {
  /** The parked device that was opened as `key` says, once its queue is empty; it is parked no more. None that has failed. */
  take(key: string): Promise<Parked | undefined>;
  /** Parks it, in place of any other. */
  put(key: string, parked: Parked): void;
  /** Closes what is parked. */
  clear(): void;
}

export function deviceParking(): DeviceParking {
  let now: { readonly key: string; readonly parked: Parked; readonly guard: DeviceGuard } | undefined;
  const clear = (): void => {
    now?.guard.release();
    now?.parked.open.close();
    now = undefined;
  };
  return {
    async take(key) {
      if (now?.key !== key) return undefined;
      const { parked, guard } = now;
      now = undefined;
      // What the last session left in the queue may still fail.
      await guard.wait(parked.open.device.queue.onSubmittedWorkDone()).catch(() => {});
      const sound = guard.isSound();
      guard.release();
      if (sound) return parked;
      parked.open.close();
      return undefined;
    },
    put(key, parked) {
      clear();
      now = { key, parked, guard: guardDevice(parked.open.device) };
    },
    clear,
  };
}
