import { atomicFile } from '../formats/atomicFile.ts';
import type { DispatchTime, Profiler } from '../runtime/profiler.ts';
import { kernelName } from './summary.ts';

/** More than viewers open. */
const MOST_EVENTS = 500_000;
const EVENTS_A_WRITE = 1000;

/**
 * Writes the dispatches as Chrome's trace events (chrome://tracing, ui.perfetto.dev), whole or not at all: a process per
 * device, a track per plan, one complete event ("X") per dispatch in microseconds.
 * @returns how many dispatches are in it, the first 500,000 at most.
 */
export async function writeChromeTrace(path: string, profiler: Profiler, adapter: string): Promise<number> {
  const times = profiler.times.slice(0, MOST_EVENTS);
  const tracks = new Map<string, { id: number; device: number; plan: string }>();
  for (const { device, plan } of times) {
    const key = `${device} ${plan}`;
    if (!tracks.has(key)) tracks.set(key, { id: tracks.size, device, plan });
  }
  const devices = [...new Set(times.map(({ device }) => device))];
  const names = [
    ...devices.map((pid) => named('process_name', pid, 0, `device ${pid}: ${adapter}`)),
    ...[...tracks.values()].map(({ id, device, plan }) => named('thread_name', device, id, plan)),
  ];
  const { clock, granularity } = profiler;
  await atomicFile(path, async (write) => {
    const head = { adapter, clock, granularityNs: granularity };
    await write(`{"displayTimeUnit":"ms","otherData":${JSON.stringify(head)},"traceEvents":[\n`);
    await write(names.map((event) => JSON.stringify(event)).join(',\n'));
    for (let first = 0; first < times.length; first += EVENTS_A_WRITE) {
      const some = times.slice(first, first + EVENTS_A_WRITE);
      await write(
        some
          .map((time) => `,\n${JSON.stringify(event(time, tracks.get(`${time.device} ${time.plan}`)!.id))}`)
          .join(''),
      );
    }
    await write('\n]}\n');
  });
  return times.length;
}

const named = (name: string, pid: number, tid: number, text: string) => ({
  name,
  ph: 'M',
  pid,
  tid,
  args: { name: text },
});

function event(time: DispatchTime, tid: number) {
  const { planned, device, begin, ns } = time;
  const { flops, bytes, grid } = planned.kernel;
  const rates = ns > 0 ? { gflops: flops / ns, gbs: bytes / ns } : {};
  return {
    name: kernelName(time),
    cat: 'dispatch',
    ph: 'X',
    pid: device,
    tid,
    ts: begin / 1000,
    dur: ns / 1000,
    args: { layer: planned.scope, flops, bytes, grid: grid.join('x'), ...rates },
  };
}
