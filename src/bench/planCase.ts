import type { Graph } from '../graph/graph.ts';
import type { Plan, PlannedDispatch } from '../plan/plan.ts';
import type { Executable } from '../runtime/executable.ts';
import { type Gpu, idle } from '../runtime/gpu.ts';
import type { Session } from '../runtime/session.ts';
import type { DeviceClock } from './deviceClock.ts';
import { type BenchRecord, BOUNDS, type Bound } from './record.ts';
import { requireReplayed } from './replayed.ts';
import { type BenchCase, sample, type Timing } from './sampler.ts';

/** The adapter's pace as this engine reaches it. */
export interface Pace {
  /** Best of the products, and the side of the one that reached it. */
  readonly peakGflops: number;
  readonly peakAt: string;
  /** Bytes read and written by a copy, best over sizes. */
  readonly copyGbs: number;
  readonly copyAt: string;
  /** Milliseconds of a run that computes next to nothing: of itself, and of each dispatch in it. */
  readonly submitMs: number;
  readonly dispatchMs: number;
}

export interface CaseName {
  readonly suite: string;
  readonly name: string;
  readonly shape: string;
}

export interface PlanCaseOptions {
  /** Default 9. */
  readonly samples?: number;
  /** Reference for the rates; without it the record has no shares. */
  readonly pace?: Pace;
  /** That of the session's device; without it the record has wall time alone. */
  readonly clock?: DeviceClock;
}

/** Compiles a graph, measures its replay, frees it. Inputs hold zeros. */
export async function measurePlan(
  session: Session,
  name: CaseName,
  graph: Graph,
  options: PlanCaseOptions = {},
): Promise<BenchRecord> {
  const executable = await session.compile(`${name.suite} ${name.name}`, graph);
  try {
    const timing = await sampleReplays(session, executable, options.samples);
    const record = planRecord(session, name, executable, timing, options.pace);
    return { ...record, ...(await options.clock?.time(session.gpu, executable)) };
  } finally {
    executable.destroy();
  }
}

/** Times replays with the inputs as they are. */
export const sampleReplays = async (
  { gpu }: Session,
  executable: Executable,
  samples?: number,
): Promise<Timing> => sample(replaysOf(gpu, executable), samples);

/** @throws ConfigError where replays compute nothing. */
export function replaysOf(gpu: Gpu, executable: Executable): BenchCase {
  requireReplayed(executable.plan);
  return {
    enqueue: (repeats) => {
      for (let i = 0; i < repeats; i++) executable.run();
    },
    finish: () => idle(gpu),
  };
}

/** What a run dispatches where no state has changed. */
export const everyRun = (plan: Plan): readonly PlannedDispatch[] => plan.dispatches.slice(plan.prelude);

/** Record of a compiled plan, with its timing and rates. */
export function planRecord(
  { gpu }: Pick<Session, 'gpu'>,
  name: CaseName,
  { plan }: Executable,
  timing: Timing,
  pace?: Pace,
): BenchRecord {
  const dispatches = everyRun(plan);
  const flops = dispatches.reduce((sum, { kernel }) => sum + kernel.flops, 0);
  const bytes = dispatches.reduce((sum, { kernel }) => sum + kernel.bytes, 0);
  const gflops = flops / timing.medianMs / 1e6;
  return {
    ...name,
    ...timing,
    adapter: gpu.adapter.name,
    dtype: dispatches.some(storesHalf) ? 'f16' : 'f32',
    variant: dispatches.length === 1 ? dispatches[0]!.kernel.label : `${dispatches.length} dispatches`,
    gflops,
    gbs: bytes / timing.medianMs / 1e6,
    rooflineShare: pace ? leastMs(dispatches, pace) / timing.medianMs : null,
    ...(pace && {
      ...boundOf(dispatches, pace),
      gemmShare: gflops / pace.peakGflops,
      peakGflops: pace.peakGflops,
      copyGbs: pace.copyGbs,
    }),
    memory: { ...plan.memory, device: gpu.buffers.counters.live, resident: peakResident() },
    date: new Date().toISOString(),
    peer: null,
    ratio: null,
  };
}

/** Node counts in kibibytes; browsers do not say. */
const peakResident = (): number | undefined =>
  typeof process === 'undefined' ? undefined : process.resourceUsage().maxRSS * 1024;

const storesHalf = ({ kernel }: PlannedDispatch): boolean =>
  kernel.bindings.some(({ element }) => element === 'f16');

/** The time that dispatches take one after another where each reaches the adapter's pace in what it does most. */
export const leastMs = (dispatches: readonly PlannedDispatch[], { peakGflops, copyGbs }: Pace): number =>
  dispatches.reduce(
    (sum, { kernel }) => sum + Math.max(kernel.flops / peakGflops, kernel.bytes / copyGbs) / 1e6,
    0,
  );

/** What each of the three would take where it is as fast as this adapter has been seen to be, and which takes longest. */
export function boundOf(
  dispatches: readonly PlannedDispatch[],
  { peakGflops, copyGbs, submitMs, dispatchMs }: Pace,
): Pick<BenchRecord, 'bound' | 'floorMs'> {
  const total = (amount: (dispatch: PlannedDispatch) => number): number =>
    dispatches.reduce((sum, each) => sum + amount(each), 0);
  const floorMs: Record<Bound, number> = {
    arithmetic: total(({ kernel }) => kernel.flops) / peakGflops / 1e6,
    memory: total(({ kernel }) => kernel.bytes) / copyGbs / 1e6,
    launch: submitMs + dispatches.length * dispatchMs,
  };
  return { bound: BOUNDS.reduce((most, each) => (floorMs[each] > floorMs[most] ? each : most)), floorMs };
}
