import { percent } from '../formats/percent.ts';
import { type TextColumn, textTable } from '../formats/textTable.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { LEAST_STEPS } from '../runtime/profiler.ts';
import type { BenchMemory, BenchRecord } from './record.ts';

/** A column of the table for people; it is left out where all its cells are empty. */
export type RecordColumn<R extends BenchRecord> = TextColumn<R>;

const COLUMNS: readonly RecordColumn<BenchRecord>[] = [
  { title: 'case', words: true, cell: ({ suite, name }) => `${suite} ${name}` },
  { title: 'shape', words: true, cell: ({ shape }) => shape },
  { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(3) },
  { title: 'p10 ms', rank: 4, cell: ({ p10Ms }) => p10Ms.toFixed(3) },
  { title: 'p90 ms', rank: 4, cell: ({ p90Ms }) => p90Ms.toFixed(3) },
  {
    title: 'GPU ms',
    rank: 3,
    cell: ({ gpuMs }) => (gpuMs === null ? 'too short' : (gpuMs?.toFixed(3) ?? '')),
  },
  { title: 'GFLOP/s', rank: 2, cell: ({ gflops }) => gflops?.toFixed(2) ?? '' },
  { title: 'GB/s', rank: 5, cell: ({ gbs }) => gbs?.toFixed(2) ?? '' },
  { title: 'of GEMM %', rank: 6, cell: ({ gemmShare }) => whole(gemmShare) },
  { title: 'of roofline %', rank: 1, cell: ({ rooflineShare }) => whole(rooflineShare) },
  { title: 'bound by', cell: ({ bound }) => bound ?? '' },
  { title: 'arenas MiB (of bound)', rank: 7, cell: arenasText },
  { title: 'device MiB', rank: 8, cell: (record) => mebibytes(planMemory(record)?.device) },
  { title: 'peak resident MiB', rank: 9, cell: (record) => mebibytes(planMemory(record)?.resident) },
  { title: 'times as fast', cell: ratioText },
  { title: 'map error', cell: ({ error }) => error?.toExponential(1) ?? '' },
];

/** How `formatRecords` lays a table out. */
export interface RecordTableOptions<R extends BenchRecord> {
  /** Most characters of a line; default 100. */
  readonly width?: number;
  /** Columns behind the usual ones, for what records of a kind have beside. */
  readonly columns?: readonly RecordColumn<R>[];
  /** Stands behind the names of the columns that do not fit; default nothing. */
  readonly hint?: string;
}

const OPTIONS: OptionNames<RecordTableOptions<BenchRecord>> = { width: true, columns: true, hint: true };

export const TABLE_WIDTH = 100;

/** A table for people, a line a record; below it the columns that do not fit. */
export function formatRecords<R extends BenchRecord>(
  records: readonly R[],
  options: RecordTableOptions<R> = {},
  ...extra: never[]
): string {
  refuseExtra('formatRecords', extra);
  requireOptions('formatRecords', options, OPTIONS);
  const { width = TABLE_WIDTH, columns = [], hint = '' } = options;
  const { lines, leftOut } = textTable(records, [...COLUMNS, ...columns], width);
  const more = leftOut.length > 0 ? [`not shown in ${width} columns: ${leftOut.join(', ')}${hint}`] : [];
  return [...lines, ...more].join('\n');
}

/** How the device's own times were taken, where there are some. */
export function clockText(records: readonly BenchRecord[]): string[] {
  const step = records.find(({ granularityNs }) => granularityNs !== undefined)?.granularityNs;
  if (step === undefined) return [];
  return [
    `GPU ms: sum over the dispatches by the device's timestamps (step ${step} ns), each in a pass of its own, median of 5 replays; none below ${LEAST_STEPS} steps a dispatch`,
  ];
}

const whole = (share: number | null | undefined): string =>
  share === null || share === undefined ? '' : percent(share, 0);

/** For a single kernel it adds nothing to the shape. */
const planMemory = ({ suite, memory }: BenchRecord): BenchMemory | undefined =>
  suite === 'kernels' ? undefined : memory;

function arenasText(record: BenchRecord): string {
  const { arenas, lowerBound } = planMemory(record) ?? { arenas: 0, lowerBound: 0 };
  return lowerBound === 0 ? '' : `${mebibytes(arenas)} (${(arenas / lowerBound).toFixed(3)})`;
}

const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(1);

function ratioText({ ratio, ratioP10, ratioP90 }: BenchRecord): string {
  if (ratio === null) return '';
  const range = ratioP10 === undefined || ratioP90 === undefined ? [] : [ratioP10, ratioP90];
  return [
    `${ratio.toFixed(2)}`,
    ...(range.length ? [`(${range.map((r) => r.toFixed(2)).join(' to ')})`] : []),
  ].join(' ');
}
