/**
 * Times every dispatch of every plan that runs on the devices it is given. With timestamps, each dispatch is a pass of
 * its own between two readings of the device's clock. Without, each dispatch is submitted alone and awaited; its wall
 * time then includes the round trip to the device, which is reported as the granularity.
 */

import { PASSES_A_LEASE, passClock } from '../gpu/passClock.ts';
import { submit } from '../gpu/submit.ts';
import type { GPUDevice } from '../gpu/webgpuTypes.ts';
import type { PlannedDispatch } from '../plan/plan.ts';
import { directSubmitter, type PlanDispatch, type Submitter, write } from './submitter.ts';

/** One dispatch as it ran. */
export interface DispatchTime {
  readonly planned: PlannedDispatch;
  readonly plan: string;
  /** Which of the profiled devices, from 0. */
  readonly device: number;
  /** Nanoseconds since the profiler was made; a device's first dispatch is placed by the wall clock. */
  readonly begin: number;
  readonly ns: number;
}

export type Clock = 'timestamp' | 'wall';

export interface Profiler {
  /** How the devices were timed; null before the first. */
  readonly clock: Clock | null;
  readonly times: readonly DispatchTime[];
  /** The finest observed step of the clock in nanoseconds; with the wall clock, the time of an empty submit. */
  readonly granularity: number;
  /** Nanoseconds between the dispatches of one submit: textures filled, gaps. */
  readonly between: number;
  /** Dispatches whose time was never read or ran backwards: their device was closed first, or its clock reset. */
  readonly lost: number;
  /** Submits to the queue of a device while profiling it. */
  submitter(device: GPUDevice): Submitter;
}

/** A figure of so many steps of the clock is right to 5 %; shorter times say nothing. */
export const LEAST_STEPS = 20;

/** Milliseconds of `ns` in all, or null where the mean of the dispatches is too short for a clock of this step. */
export const readableMs = (ns: number, dispatches: number, granularity: number): number | null =>
  ns === 0 || ns < LEAST_STEPS * dispatches * granularity ? null : ns / 1e6;

/** By default Dawn rounds timestamps to multiples of 65,536 ns. */
export const PRECISE_TIMESTAMPS = 'disable-dawn-features=timestamp_quantization';

/**
 * @param wanted `wall` even where there are timestamps.
 * @param isTiming whether a run is timed; those that are not reach the queue as they do without a profiler.
 */
export function makeProfiler(wanted?: Clock, isTiming: () => boolean = () => true): Profiler {
  const log = new TimeLog();
  let devices = 0;
  return {
    get clock() {
      return log.clock;
    },
    get granularity() {
      return log.granularity;
    },
    get between() {
      return log.between;
    },
    get lost() {
      return log.enqueued - log.times.length;
    },
    times: log.times,
    submitter(device) {
      const index = devices++;
      const stamped = wanted !== 'wall' && device.features.has('timestamp-query');
      log.clock = stamped ? 'timestamp' : 'wall';
      const timed = stamped ? stampedSubmitter(device, index, log) : walledSubmitter(device, index, log);
      const direct = directSubmitter(device);
      return {
        run: (...args) => (isTiming() ? timed : direct).run(...args),
        settled: () => (isTiming() ? timed.settled() : undefined),
      };
    },
  };
}

class TimeLog {
  clock: Clock | null = null;
  readonly times: DispatchTime[] = [];
  granularity = 0;
  between = 0;
  enqueued = 0;
  readonly #start = performance.now();

  now(): number {
    return (performance.now() - this.#start) * 1e6;
  }
}

function stampedSubmitter(device: GPUDevice, index: number, log: TimeLog): Submitter {
  const clock = passClock(device);
  const pending = new Set<Promise<void>>();
  let origin: { device: bigint; log: number } | undefined;
  const direct = directSubmitter(device);
  const keep = (plan: string, chunk: readonly PlanDispatch[], stamps: BigUint64Array, at: number): void => {
    origin ??= { device: stamps[0]!, log: at };
    const since = (stamp: bigint): number => Number(stamp - origin!.device);
    let end = since(stamps[0]!);
    for (const [i, { planned }] of chunk.entries()) {
      const [first, last] = [since(stamps[2 * i]!), since(stamps[2 * i + 1]!)];
      // The standard lets a clock that was reset report zero.
      if (stamps[2 * i] === 0n || last < first) continue;
      log.times.push({ planned, plan, device: index, begin: origin.log + first, ns: last - first });
      log.between += Math.max(0, first - end);
      for (const each of [first, last]) log.granularity = divisor(log.granularity, Math.abs(each));
      end = last;
    }
  };
  return {
    run(label, uploads, chunks, { before, after } = {}) {
      direct.run(label, uploads, [], { before });
      for (const part of chunks.flatMap((chunk) => pieces(chunk, PASSES_A_LEASE))) {
        log.enqueued += part.length;
        const lease = clock.lease();
        const at = log.now();
        submit(device, label, part, { times: lease });
        const reading = lease
          .read(part.length)
          .then((stamps) => keep(label, part, stamps, at))
          // The device is lost; these times count in `lost`.
          .catch(() => {})
          .finally(() => pending.delete(reading));
        pending.add(reading);
      }
      direct.run(label, [], [], { after });
    },
    async settled() {
      await Promise.all(pending);
    },
  };
}

/** Runs plans one after the other: a run requested while another waits for the device follows it. */
function walledSubmitter(device: GPUDevice, index: number, log: TimeLog): Submitter {
  const direct = directSubmitter(device);
  let tail: Promise<void> = Promise.resolve();
  let calibrated = false;
  const done = async (dispatches: readonly PlanDispatch[], label: string): Promise<number> => {
    const began = log.now();
    submit(device, label, dispatches);
    await device.queue.onSubmittedWorkDone();
    return log.now() - began;
  };
  return {
    run(label, uploads, chunks, { before, after } = {}) {
      const dispatches = chunks.flat();
      log.enqueued += dispatches.length;
      // The caller may reuse its arrays before their turn comes.
      const kept = uploads.map(({ to, data }) => ({ to, data: data.slice() }));
      const turn = async (): Promise<void> => {
        if (!calibrated) {
          calibrated = true;
          const empty: number[] = [];
          for (let i = 0; i < EMPTY_SUBMITS; i++) empty.push(await done([], 'empty'));
          log.granularity = Math.max(log.granularity, empty.sort((a, b) => a - b)[EMPTY_SUBMITS >> 1]!);
        }
        for (const each of kept) write(device, label, each);
        direct.run(label, [], [], { before });
        for (const dispatch of dispatches) {
          const begin = log.now();
          const ns = await done([dispatch], label);
          log.times.push({ planned: dispatch.planned, plan: label, device: index, begin, ns });
        }
        direct.run(label, [], [], { after });
      };
      tail = tail.then(turn);
      tail.catch(() => {});
    },
    settled: () => tail,
  };
}

const EMPTY_SUBMITS = 9;

function pieces<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
}

/** Greatest common divisor; of all readings of a clock, this is its step. */
function divisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
