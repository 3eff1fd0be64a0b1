/** Where a profiled command spent its time, and how close each kernel came to the adapter's limits. */
import { type DispatchTime, type Profiler, readableMs } from '../runtime/profiler.ts';

/** What the adapter does at best; `wgad doctor` measures it. */
export interface Roofline {
  readonly peakGflops: number;
  readonly copyGbs: number;
}

/**
 * All dispatches of one name. `firstMs` is the first use of each shader on each device, which on some adapters (CPU
 * ones) compiles it; the other figures are of the rest, or of the first uses where there was no other. They are null
 * where the clock is too coarse for them.
 */
interface KernelRow {
  readonly name: string;
  readonly calls: number;
  readonly firstMs: number | null;
  readonly onlyFirst: boolean;
  readonly totalMs: number | null;
  /** Share of the time of all dispatches except first uses. */
  readonly share: number | null;
  readonly gflops: number | null;
  readonly gbs: number | null;
  /** The time that the roofline allows, dispatch by dispatch, over the time it took. */
  readonly rooflineShare: number | null;
}

export interface ProfileSummary {
  readonly clock: Profiler['clock'];
  readonly granularityNs: number;
  readonly roofline: Roofline;
  readonly dispatches: number;
  /** Time of first uses. */
  readonly firstMs: number;
  /** Time of all others. */
  readonly totalMs: number;
  readonly betweenMs: number;
  readonly lost: number;
  /** The longest first. */
  readonly kernels: readonly KernelRow[];
}

/** A row by kernel (op, variant and tile; shapes together) or by layer as well. */
export type Grouping = 'kernel' | 'layer';

export function summarize(profiler: Profiler, roofline: Roofline, by: Grouping): ProfileSummary {
  const { clock, times, granularity, between, lost } = profiler;
  const first = firstUses(times);
  const firstNs = nsOf([...first]);
  const totalNs = nsOf(times) - firstNs;
  const groups = new Map<string, DispatchTime[]>();
  for (const time of times) {
    const name = by === 'layer' ? time.planned.kernel.label : kernelName(time);
    const group = groups.get(name);
    if (group) group.push(time);
    else groups.set(name, [time]);
  }
  const rows = [...groups].map(([name, group]) => {
    const rest = group.filter((time) => !first.has(time));
    const onlyFirst = rest.length === 0;
    const figures = figuresOf(onlyFirst ? group : rest, roofline, granularity);
    const share = onlyFirst || figures.totalMs === null ? null : nsOf(rest) / totalNs;
    const firstMs = totalOf(
      group.filter((time) => first.has(time)),
      granularity,
    );
    return { ns: nsOf(rest), row: { name, calls: group.length, firstMs, onlyFirst, share, ...figures } };
  });
  return {
    clock,
    granularityNs: granularity,
    roofline: { peakGflops: roofline.peakGflops, copyGbs: roofline.copyGbs },
    dispatches: times.length,
    firstMs: firstNs / 1e6,
    totalMs: totalNs / 1e6,
    betweenMs: between / 1e6,
    lost,
    kernels: rows
      .sort((a, b) => b.ns - a.ns || (b.row.firstMs ?? 0) - (a.row.firstMs ?? 0))
      .map(({ row }) => row),
  };
}

/** The first dispatch of each shader's text on each device. */
function firstUses(times: readonly DispatchTime[]): ReadonlySet<DispatchTime> {
  const seen = new Map<string, DispatchTime>();
  for (const time of times) {
    const key = `${time.device} ${time.planned.kernel.wgsl}`;
    const known = seen.get(key);
    if (!known || time.begin < known.begin) seen.set(key, time);
  }
  return new Set(seen.values());
}

/** A kernel's label without the layer in front. */
export function kernelName({ planned: { kernel, scope } }: DispatchTime): string {
  return scope !== '' && kernel.label.startsWith(`${scope} `)
    ? kernel.label.slice(scope.length + 1)
    : kernel.label;
}

const nsOf = (some: readonly DispatchTime[]): number => some.reduce((sum, { ns }) => sum + ns, 0);

/** Milliseconds, or null where the mean of the group is too short for the clock. */
const totalOf = (group: readonly DispatchTime[], granularity: number): number | null =>
  group.length === 0 ? null : readableMs(nsOf(group), group.length, granularity);

type Figures = Pick<KernelRow, 'totalMs' | 'gflops' | 'gbs' | 'rooflineShare'>;

function figuresOf(group: readonly DispatchTime[], roofline: Roofline, granularity: number): Figures {
  const sum = (of: (time: DispatchTime) => number): number => group.reduce((all, each) => all + of(each), 0);
  const totalMs = totalOf(group, granularity);
  if (totalMs === null) return { totalMs, gflops: null, gbs: null, rooflineShare: null };
  const ns = totalMs * 1e6;
  const flops = sum(({ planned }) => planned.kernel.flops);
  // GFLOP/s and GB/s are operations and bytes per nanosecond; min(peak, intensity x bandwidth) is the longer of the two.
  const least = sum(({ planned: { kernel } }) =>
    Math.max(kernel.flops / roofline.peakGflops, kernel.bytes / roofline.copyGbs),
  );
  return {
    totalMs,
    gflops: flops === 0 ? null : flops / ns,
    gbs: sum(({ planned }) => planned.kernel.bytes) / ns,
    rooflineShare: least / ns,
  };
}
