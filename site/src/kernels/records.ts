/** Records on the page: those measured here, and those that were opened. */
import { compareRecords, requireSameAdapter } from '../../../src/bench/compare.ts';
import type { BenchRecord } from '../../../src/bench/record.ts';
import { recordsIn } from '../../../src/bench/recordList.ts';
import { FileError, WgadError } from '../../../src/errors.ts';
import type { ChosenFile } from '../files/chosenFile.ts';

/** Where records came from. */
export interface RecordSet {
  readonly name: string;
  readonly records: readonly BenchRecord[];
}

/** What an adapter reached at best when something was measured. */
export interface Roof {
  readonly peakGflops: number;
  readonly copyGbs: number;
}

/** What is measured again takes the place of what was measured before. */
export function withRecords(
  before: readonly BenchRecord[],
  records: readonly BenchRecord[],
): readonly BenchRecord[] {
  const keyOf = ({ suite, name, shape, peer, ratio }: BenchRecord): string =>
    `${suite} ${name} ${shape} ${peer} ${ratio === null}`;
  const all = new Map(before.map((record) => [keyOf(record), record]));
  for (const record of records) all.set(keyOf(record), record);
  return [...all.values()];
}

/** Of the last record that says it. */
export function roofOf(records: readonly BenchRecord[]): Roof | null {
  const found = records.findLast(({ peakGflops, copyGbs }) => peakGflops && copyGbs);
  return found ? { peakGflops: found.peakGflops!, copyGbs: found.copyGbs! } : null;
}

/** A case that two sets have. */
interface ComparedCase {
  readonly name: string;
  readonly beforeMs: number;
  readonly nowMs: number;
  /** Above 1 is faster now. */
  readonly ratio: number;
  readonly verdict: 'slower' | 'faster' | 'as before';
}

export interface ComparedSets {
  readonly cases: readonly ComparedCase[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
  /** Another adapter, in words. */
  readonly note: string | null;
}

/** As `wgad bench --compare` compares two files. */
export function comparedSets(before: RecordSet, now: RecordSet): ComparedSets {
  const { comparisons, missing, added } = compareRecords(before.records, now.records);
  return {
    cases: comparisons.map(({ name, beforeMs, nowMs, ratio, band, slower }) => ({
      name,
      beforeMs,
      nowMs,
      ratio,
      verdict: slower ? 'slower' : ratio > 1 + band ? 'faster' : 'as before',
    })),
    missing,
    added,
    note: otherAdapter(before, now),
  };
}

function otherAdapter(before: RecordSet, now: RecordSet): string | null {
  try {
    requireSameAdapter(before.name, before.records, now.records[0]!.adapter);
    return null;
  } catch (error) {
    if (error instanceof WgadError) return error.message;
    throw error;
  }
}

/** Bytes of a file of records: a case has less than a kilobyte. */
const MOST_BYTES = 20_000_000;

/** @throws FileError where it holds no records. */
export async function recordsOfFile({ path, file }: ChosenFile): Promise<RecordSet> {
  if (file.size > MOST_BYTES) throw new FileError(`${path}: ${file.size} bytes are more than records take`);
  let read: unknown;
  try {
    read = JSON.parse(await file.text());
  } catch (cause) {
    throw new FileError(`${path}: is not JSON: ${(cause as Error).message}`, { cause });
  }
  return { name: path, records: recordsIn(path, read) };
}
