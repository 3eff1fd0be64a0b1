import { readFile } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import type { Timing } from './sampler.ts';

/** One measured case. Rates are null where the case has no such work. */
export interface BenchRecord extends Timing {
  readonly suite: string;
  readonly name: string;
  readonly adapter: string;
  readonly shape: string;
  readonly dtype: string;
  readonly variant: string;
  readonly gflops: number | null;
  readonly gbs: number | null;
  readonly rooflineShare: number | null;
  readonly peer: string | null;
  readonly ratio: number | null;
}

export async function writeRecords(path: string, records: readonly BenchRecord[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`);
}

export async function readRecords(path: string): Promise<BenchRecord[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new FileError(`${path}: could not be read: ${cause.message}`, { cause });
  });
  return JSON.parse(text) as BenchRecord[];
}

export interface Comparison {
  readonly name: string;
  /** Time before over time now: above 1 is faster. */
  readonly ratio: number;
  /** The half width within which both runs' own spread explains the ratio. */
  readonly band: number;
  readonly slower: boolean;
}

/** Cases that both files have, by suite, name and shape. */
export function compareRecords(before: readonly BenchRecord[], now: readonly BenchRecord[]): Comparison[] {
  const keyOf = ({ suite, name, shape }: BenchRecord): string => `${suite} ${name} ${shape}`;
  const known = new Map(before.map((record) => [keyOf(record), record]));
  return now.flatMap((record) => {
    const old = known.get(keyOf(record));
    if (!old) return [];
    const spread = ({ p10Ms, p90Ms, medianMs }: BenchRecord): number => (p90Ms - p10Ms) / medianMs;
    const ratio = old.medianMs / record.medianMs;
    const band = Math.max(0.03, spread(old), spread(record));
    return [{ name: keyOf(record), ratio, band, slower: ratio < 1 - band }];
  });
}

export function formatRecords(records: readonly BenchRecord[]): string {
  const rows = [
    ['case', 'shape', 'median ms', 'p10', 'p90', 'GFLOP/s', 'GB/s'],
    ...records.map((record) => [
      `${record.suite} ${record.name}`,
      record.shape,
      record.medianMs.toFixed(3),
      record.p10Ms.toFixed(3),
      record.p90Ms.toFixed(3),
      record.gflops?.toFixed(2) ?? '',
      record.gbs?.toFixed(2) ?? '',
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
