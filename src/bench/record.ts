import type { DeviceTiming } from './deviceClock.ts';
import type { Timing } from './sampler.ts';

/** What a time is bound by at the adapter's own pace. */
export const BOUNDS = ['arithmetic', 'memory', 'launch'] as const;
export type Bound = (typeof BOUNDS)[number];

/** Bytes. */
export interface BenchMemory {
  /** Bytes of the plan's intermediate values, and the least that any placement needs. */
  readonly arenas: number;
  readonly lowerBound: number;
  /** All that lies on the device while the plan runs: weights, memories, inputs, arenas. Other cases of the run leave weights. */
  readonly device?: number;
  /** The most that the process has held in main memory so far; with a software adapter the device's is part of it. */
  readonly resident?: number;
}

/** One measured case. Rates are null where the case has no such work. */
export interface BenchRecord extends Timing, DeviceTiming {
  readonly suite: string;
  readonly name: string;
  readonly adapter: string;
  readonly shape: string;
  readonly dtype: string;
  readonly variant: string;
  readonly gflops: number | null;
  readonly gbs: number | null;
  /** The time at the adapter's own pace (`Pace`) over the time taken: 1 is as fast as its best product and its copy. */
  readonly rooflineShare: number | null;
  /** GFLOP/s over the adapter's best product's, and that product's and the copy's own rates in the same run. */
  readonly gemmShare?: number;
  /** Milliseconds that arithmetic, memory traffic and launching would take at that pace each, and which takes longest. */
  readonly floorMs?: Readonly<Record<Bound, number>>;
  readonly bound?: Bound;
  readonly peakGflops?: number;
  readonly copyGbs?: number;
  readonly memory?: BenchMemory;
  /** For a plan that stores f16: relative L2 distance of its anomaly maps from those in f32. */
  readonly error?: number;
  /** When it was measured, as ISO 8601. */
  readonly date?: string;
  /** Version of this package, and the commit of the repository that the command ran in, with -dirty where files differ. */
  readonly version?: string;
  readonly commit?: string;
  /** The other engine or subject of the comparison; a record with a peer and no ratio is that engine's own time. */
  readonly peer: string | null;
  /** The peer's time over ours, the median over alternating rounds: above 1 is faster than the peer. */
  readonly ratio: number | null;
  /** 10th and 90th percentile of the rounds' ratios, where there is a ratio. */
  readonly ratioP10?: number;
  readonly ratioP90?: number;
}
