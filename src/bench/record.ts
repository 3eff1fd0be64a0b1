import { FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { readJson } from '../formats/readJson.ts';
import type { DeviceTiming } from './deviceClock.ts';
import type { Timing } from './sampler.ts';

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
  readonly peakGflops?: number;
  readonly copyGbs?: number;
  readonly memory?: BenchMemory;
  /** For a plan that stores f16: relative L2 distance of its anomaly maps from those in f32. */
  readonly error?: number;
  /** The other engine of the comparison; a record with a peer and no ratio is that engine's own time. */
  readonly peer: string | null;
  /** The peer's time over ours, the median over alternating rounds: above 1 is faster than the peer. */
  readonly ratio: number | null;
  /** 10th and 90th percentile of the rounds' ratios, where there is a ratio. */
  readonly ratioP10?: number;
  readonly ratioP90?: number;
}

const TEXTS = ['suite', 'name', 'shape', 'adapter'] as const;
const TIMES = ['p10Ms', 'medianMs', 'p90Ms'] as const;

/** @throws FileError where the file is not what `writeRecords` writes: a comparison with it would pass whatever is measured. */
export async function readRecords(path: string): Promise<BenchRecord[]> {
  const refuse = (what: string): never => {
    throw new FileError(`${path}: ${what}`, { fix: 'give a file that `wgad bench ... --out FILE` wrote' });
  };
  const read: unknown = await readJson(path);
  if (!Array.isArray(read) || read.length === 0) return refuse('expects a list of benchmark records');
  const cases = new Set<string>();
  for (const [i, each] of (read as (Partial<BenchRecord> | null)[]).entries()) {
    const wrong = wrongOf(each);
    if (wrong) return refuse(`expects a list of benchmark records, but number ${i + 1} has ${wrong}`);
    const { suite, name, shape, peer, ratio } = each as BenchRecord;
    const key = `${suite} ${name} ${shape} ${peer} ${ratio === null}`;
    if (cases.has(key)) return refuse(`has ${name} ${shape} twice: which of them counts?`);
    cases.add(key);
  }
  return read as BenchRecord[];
}

/** The first missing or invalid entry of a record; undefined if it is valid. */
function wrongOf(record: Partial<BenchRecord> | null): string | undefined {
  if (typeof record !== 'object' || record === null) return 'nothing of one';
  const text = TEXTS.find((key) => typeof record[key] !== 'string');
  if (text) return `no ${text}`;
  const time = TIMES.find((key) => !(Number.isFinite(record[key]) && record[key]! > 0));
  if (time) return `no ${time} above 0`;
  if (!(record.p10Ms! <= record.medianMs! && record.medianMs! <= record.p90Ms!)) {
    return 'a median outside of its 10th to 90th percentile';
  }
  const { ratio } = record;
  return ratio === null || (Number.isFinite(ratio) && ratio! > 0) ? undefined : 'an invalid ratio';
}

export async function writeRecords(path: string, records: readonly BenchRecord[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`);
}

/** A column of the table for people; it is left out where all its cells are empty. */
export interface RecordColumn<R extends BenchRecord> {
  readonly title: string;
  cell(record: R): string;
}

const COLUMNS: readonly RecordColumn<BenchRecord>[] = [
  { title: 'case', cell: ({ suite, name }) => `${suite} ${name}` },
  { title: 'shape', cell: ({ shape }) => shape },
  { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(3) },
  { title: 'p10', cell: ({ p10Ms }) => p10Ms.toFixed(3) },
  { title: 'p90', cell: ({ p90Ms }) => p90Ms.toFixed(3) },
  { title: 'GPU ms', cell: ({ gpuMs }) => (gpuMs === null ? 'too short' : (gpuMs?.toFixed(3) ?? '')) },
  { title: 'GFLOP/s', cell: ({ gflops }) => gflops?.toFixed(2) ?? '' },
  { title: 'GB/s', cell: ({ gbs }) => gbs?.toFixed(2) ?? '' },
  { title: 'of GEMM', cell: ({ gemmShare }) => percent(gemmShare) },
  { title: 'of roofline', cell: ({ rooflineShare }) => percent(rooflineShare) },
  { title: 'arenas (of bound)', cell: arenasText },
  { title: 'device', cell: (record) => mebibytes(planMemory(record)?.device) },
  { title: 'peak resident', cell: (record) => mebibytes(planMemory(record)?.resident) },
  { title: 'times as fast', cell: ratioText },
  { title: 'map error', cell: ({ error }) => error?.toExponential(1) ?? '' },
];

/** @param more columns behind the usual ones, for what records of a kind have beside */
export function formatRecords<R extends BenchRecord>(
  records: readonly R[],
  more: readonly RecordColumn<R>[] = [],
): string {
  const columns = [...COLUMNS, ...more]
    .map(({ title, cell }) => ({ title, cells: records.map(cell) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const widths = columns.map(({ title, cells }) =>
    Math.max(...[title, ...cells].map(({ length }) => length)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (i < 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    ...records.map((_, row) => line(columns.map(({ cells }) => cells[row]!))),
  ].join('\n');
}

/** How the device's own times were taken, where there are some. */
export function clockText(records: readonly BenchRecord[]): string[] {
  const step = records.find(({ granularityNs }) => granularityNs !== undefined)?.granularityNs;
  if (step === undefined) return [];
  return [
    `GPU ms: sum over the dispatches by the device's timestamps (step ${step} ns), each in a pass of its own, median of 5 replays; none below 20 steps a dispatch`,
  ];
}

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '' : `${(100 * share).toFixed(0)} %`;

/** For a single kernel it adds nothing to the shape. */
const planMemory = ({ suite, memory }: BenchRecord): BenchMemory | undefined =>
  suite === 'kernels' ? undefined : memory;

function arenasText(record: BenchRecord): string {
  const { arenas, lowerBound } = planMemory(record) ?? { arenas: 0, lowerBound: 0 };
  return lowerBound === 0 ? '' : `${mebibytes(arenas)} (${(arenas / lowerBound).toFixed(3)})`;
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
