import type { Executable } from '../runtime/executable.ts';
import { type Gpu, idle } from '../runtime/gpu.ts';
import { makeProfiler, type Profiler, readableMs } from '../runtime/profiler.ts';
import { requireReplayed } from './replayed.ts';
import { percentile } from './sampler.ts';

/** Times of a case by the device's timestamps. Absent if it has none. */
export interface DeviceTiming {
  /** Median over replays of the sum of the dispatches' times, ms; null where they are too short for the clock. */
  readonly gpuMs?: number | null;
  /** The clock's step as it was seen. */
  readonly granularityNs?: number;
}

/** Times replays by the device's own clock, beside the wall's: for a session that is opened with its `profiler`. */
export interface DeviceClock {
  readonly profiler: Profiler;
  time(gpu: Gpu, executable: Executable): Promise<DeviceTiming>;
}

const REPLAYS = 5;

export function deviceClock(): DeviceClock {
  let timing = false;
  const profiler = makeProfiler(undefined, () => timing);
  return {
    profiler,
    async time(gpu, executable) {
      requireReplayed(executable.plan);
      if (profiler.clock !== 'timestamp') return {};
      const sums: number[] = [];
      let dispatches = 0;
      timing = true;
      try {
        for (let i = 0; i < REPLAYS; i++) {
          const before = profiler.times.length;
          executable.run();
          await idle(gpu);
          const times = profiler.times.slice(before);
          dispatches = times.length;
          sums.push(times.reduce((sum, { ns }) => sum + ns, 0));
        }
      } finally {
        timing = false;
      }
      const { granularity } = profiler;
      // Some drivers have timestamps and write zeros.
      if (granularity === 0 || dispatches === 0) return {};
      const ns = percentile(sums, 0.5);
      return { gpuMs: readableMs(ns, dispatches, granularity), granularityNs: granularity };
    },
  };
}
