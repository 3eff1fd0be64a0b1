import type { Graph } from '../graph/graph.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Session } from '../train/session.ts';
import type { BenchRecord } from './record.ts';
import { sample, type Timing } from './sampler.ts';

export interface CaseName {
  readonly suite: string;
  readonly name: string;
  readonly shape: string;
}

/** Compiles a graph, measures its replay, frees it. Inputs keep whatever their buffers hold. */
export async function measurePlan(
  session: Session,
  name: CaseName,
  graph: Graph,
  samples?: number,
): Promise<BenchRecord> {
  const executable = await session.compile(`${name.suite} ${name.name}`, graph);
  try {
    return await measureExecutable(session, name, executable, samples);
  } finally {
    executable.destroy();
  }
}

async function measureExecutable(
  session: Session,
  name: CaseName,
  executable: Executable,
  samples?: number,
): Promise<BenchRecord> {
  const { gpu } = session;
  const timing = await sample(
    {
      enqueue: (repeats) => {
        for (let i = 0; i < repeats; i++) executable.run();
      },
      finish: () => gpu.guard.wait(gpu.device.queue.onSubmittedWorkDone()),
    },
    samples,
  );
  return planRecord(session, name, executable, timing);
}

/** What is known of a compiled plan, with its timing and the rates that follow. */
export function planRecord(
  { gpu }: Session,
  name: CaseName,
  { plan }: Executable,
  timing: Timing,
): BenchRecord {
  const dispatches = plan.dispatches.slice(plan.prelude);
  const flops = dispatches.reduce((sum, { kernel }) => sum + kernel.flops, 0);
  const bytes = dispatches.reduce((sum, { kernel }) => sum + kernel.bytes, 0);
  return {
    ...name,
    ...timing,
    adapter: gpu.adapter.name,
    dtype: 'f32',
    variant: dispatches.length === 1 ? dispatches[0]!.kernel.label : `${dispatches.length} dispatches`,
    gflops: flops / timing.medianMs / 1e6,
    gbs: bytes / timing.medianMs / 1e6,
    rooflineShare: null,
    peer: null,
    ratio: null,
  };
}
