import { FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { readJson } from '../formats/readJson.ts';
import type { DeviceTiming } from './deviceClock.ts';
import type { Timing } from './sampler.ts';

/** Bytes. */
export interface BenchMemory {
  /** Of the plan's intermediate values, and the least that any placement of them needs. */
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
  readonly peakGflops?: number;
  readonly copyGbs?: number;
  readonly memory?: BenchMemory;
  /** Where the record is a part that is added to a plan: its time over the plan's without, median and percentiles. */
  readonly adds?: number;
  readonly addsP10?: number;
  readonly addsP90?: number;
  /** Of a plan that stores f16: relative L2 distance of its anomaly maps from those of the plan in f32. */
  readonly error?: number;
  /** The other engine of the comparison; a record with a peer and no ratio is that engine's own time. */
  readonly peer: string | null;
  /** The peer's time over ours, the median over alternating rounds: above 1 is faster than the peer. */
  readonly ratio: number | null;
  /** 10th and 90th percentile of the rounds' ratios, where there is a ratio. */
  readonly ratioP10?: number;
  readonly ratioP90?: number;
  /** Of a peer's own record: how far its results lay from ours (relative L2) before it was timed. */
  readonly distance?: number;
  /** Where a choice was tuned: how much longer the rule's takes, 0.1 being a tenth; by turns. */
  readonly regret?: number;
}

/** @throws FileError where the file is not what `writeRecords` writes. */
export async function readRecords(path: string): Promise<BenchRecord[]> {
  const read: unknown = await readJson(path);
  const texts = ['suite', 'name', 'shape', 'adapter'] as const;
  const isRecord = (each: Partial<BenchRecord> | null): boolean =>
    typeof each === 'object' &&
    each !== null &&
    texts.every((key) => typeof each[key] === 'string') &&
    Number.isFinite(each.medianMs) &&
    each.medianMs! > 0;
  if (Array.isArray(read) && read.length > 0 && read.every(isRecord)) return read;
  throw new FileError(`${path}: expects a list of benchmark records`, {
    fix: 'give a file that `wgad bench ... --out FILE` wrote',
  });
}

export async function writeRecords(path: string, records: readonly BenchRecord[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`);
}

export function formatRecords(records: readonly BenchRecord[]): string {
  const ratios = records.some(({ ratio }) => ratio !== null);
  const shares = records.some(({ rooflineShare }) => rooflineShare !== null);
  const plans = records.some(({ suite, memory }) => suite !== 'kernels' && memory);
  const errors = records.some(({ error }) => error !== undefined);
  const regrets = records.some(({ regret }) => regret !== undefined);
  const stamped = records.some(({ gpuMs }) => gpuMs !== undefined);
  const rows = [
    [
      'case',
      'shape',
      'median ms',
      'p10',
      'p90',
      ...(stamped ? ['GPU ms'] : []),
      'GFLOP/s',
      'GB/s',
      ...(shares ? ['of GEMM', 'of roofline'] : []),
      ...(plans ? ['arenas (of bound)', 'device', 'peak resident'] : []),
      ...(ratios ? ['times as fast'] : []),
      ...(errors ? ['map error'] : []),
      ...(regrets ? ["rule's regret"] : []),
    ],
    ...records.map((record) => [
      `${record.suite} ${record.name}`,
      record.shape,
      record.medianMs.toFixed(3),
      record.p10Ms.toFixed(3),
      record.p90Ms.toFixed(3),
      ...(stamped ? [gpuText(record)] : []),
      record.gflops?.toFixed(2) ?? '',
      record.gbs?.toFixed(2) ?? '',
      ...(shares ? [percent(record.gemmShare), percent(record.rooflineShare)] : []),
      ...(plans
        ? [memoryText(record), mebibytes(record.memory?.device), mebibytes(record.memory?.resident)]
        : []),
      ...(ratios ? [ratioText(record)] : []),
      ...(errors ? [record.error?.toExponential(1) ?? ''] : []),
      ...(regrets ? [record.regret === undefined ? '' : `${(100 * record.regret).toFixed(1)} %`] : []),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How the device's own times were taken, where there are some. */
export function clockText(records: readonly BenchRecord[]): string[] {
  const step = records.find(({ granularityNs }) => granularityNs !== undefined)?.granularityNs;
  if (step === undefined) return [];
  return [
    `GPU ms: sum over the dispatches by the device's timestamps (step ${step} ns), each in a pass of its own, median of 5 replays; none below 20 steps a dispatch`,
  ];
}

const gpuText = ({ gpuMs }: BenchRecord): string =>
  gpuMs === null ? 'too short' : (gpuMs?.toFixed(3) ?? '');

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '' : `${(100 * share).toFixed(0)} %`;

function memoryText({ memory }: BenchRecord): string {
  if (!memory || memory.lowerBound === 0) return '';
  const { arenas, lowerBound } = memory;
  return `${mebibytes(arenas)} (${(arenas / lowerBound).toFixed(3)})`;
}

const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '' : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function ratioText({ ratio, ratioP10, ratioP90 }: BenchRecord): string {
  if (ratio === null) return '';
  const range = ratioP10 === undefined || ratioP90 === undefined ? [] : [ratioP10, ratioP90];
  return [
    `${ratio.toFixed(2)}`,
    ...(range.length ? [`(${range.map((r) => r.toFixed(2)).join(' to ')})`] : []),
  ].join(' ');
}
