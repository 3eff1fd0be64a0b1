/** Runs a benchmark: opens the session, measures, prints, writes and compares. */
import type { Command } from 'commander';
import type { NamedCase } from '../bench/caseFilter.ts';
import {
  type ComparedRecords,
  casesOf,
  compareRecords,
  middleOf,
  RECHECKS,
  requireSameAdapter,
  slowerThan,
} from '../bench/compare.ts';
import { type DeviceClock, deviceClock } from '../bench/deviceClock.ts';
import type { BenchRecord } from '../bench/record.ts';
import { recordsCsv } from '../bench/recordCsv.ts';
import { readRecords, writeRecords } from '../bench/recordFile.ts';
import { clockText, formatRecords, type RecordColumn, TABLE_WIDTH } from '../bench/recordTable.ts';
import { ConfigError } from '../errors.ts';
import { requireWritable } from '../formats/regularFile.ts';
import { openSession, type Session } from '../runtime/session.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { provenance } from './provenance.ts';

export interface BenchOutput {
  /** File for the records. */
  out?: string;
  /** File of records to compare with. */
  compare?: string;
  /** Compare although the file is of another adapter. */
  force?: boolean;
  /** All columns, however wide the table becomes. */
  wide?: boolean;
  /** The records as CSV in place of the table. */
  csv?: boolean;
}

/** The flags of `BenchOutput`. */
export const addOutputFlags = (verb: Command): Command =>
  verb
    .option('--out <file>', 'write the records as JSON')
    .option(
      '--compare <file>',
      'exit 1 where a case takes longer than in this file of records by more than its noise band (3 to 10 %), or none is in it',
    )
    .option('--force', 'compare although the file is of another adapter')
    .option('--wide', `all columns; default those that fit into ${TABLE_WIDTH} characters`)
    .option('--csv', 'on stdout the records as CSV, a column an entry');

/** Called again for cases that look slower than before: then `only` picks them. */
export type Measurement<R extends BenchRecord = BenchRecord> = (
  session: Session,
  watch: { readonly clock?: DeviceClock; readonly only?: (each: NamedCase) => boolean },
) => Promise<R[]>;

/** How records that have more than the usual ones are shown to people. */
export interface RecordText<R extends BenchRecord> {
  /** Columns behind the usual ones. */
  readonly columns?: readonly RecordColumn<R>[];
  /** Lines below the table. */
  readonly notes?: (records: readonly R[]) => string[];
}

/** The exit code: 1 where something became slower than in `compare`, or nothing could be compared. */
export async function measure<R extends BenchRecord>(
  context: Context,
  { out, compare, force = false, wide = false, csv = false }: BenchOutput,
  measurement: Measurement<R>,
  { columns, notes = () => [] }: RecordText<R> = {},
): Promise<number> {
  if (csv && context.json) throw new ConfigError('bench: expects --csv or --json, got both');
  if (out !== undefined) await requireWritable(out);
  const before = compare === undefined ? [] : await readRecords(compare);
  // A measurement has no state to save, and a peer's step may take a minute.
  context.endAtSignal();
  // `wgad profile` has a clock of its own on the device.
  const clock = context.gpu.profiler ? undefined : deviceClock();
  const session = await openSession({ ...context.gpu, profiler: context.gpu.profiler ?? clock?.profiler });
  let records: R[];
  try {
    if (compare !== undefined && !force) requireSameAdapter(compare, before, session.gpu.adapter.name);
    records = await stamped(await measurement(session, { clock }));
    const suspects = slowerThan(before, records);
    if (suspects.length > 0) {
      context.say(`${suspects.length} cases look slower than in ${compare}: measuring them again by turns`);
      const only = casesOf(suspects);
      const rounds: R[][] = [];
      for (let i = 0; i < RECHECKS; i++)
        rounds.push(await stamped(await measurement(session, { clock, only })));
      records = middleOf(records, rounds);
    }
  } finally {
    session.close();
  }
  const compared = compareRecords(before, records);
  context.result(
    { records, ...compared },
    csv
      ? recordsCsv(records)
      : [
          formatRecords(records, {
            columns,
            ...(wide ? { width: Number.POSITIVE_INFINITY } : { hint: '; --wide shows them' }),
          }),
          ...clockText(records),
          ...notes(records),
          ...(compare === undefined ? [] : comparedText(compare, compared)),
        ].join('\n'),
  );
  // After they are printed: a disk that is full does not take the measurements away.
  if (out !== undefined) await writeRecords(out, records);
  const nothing = compare !== undefined && compared.comparisons.length === 0;
  return nothing || compared.comparisons.some(({ slower }) => slower) ? EXIT.failed : EXIT.done;
}

const stamped = async <R extends BenchRecord>(records: readonly R[]): Promise<R[]> => {
  const from = await provenance();
  return records.map((record) => ({ ...record, ...from }));
};

function comparedText(file: string, { comparisons, missing, added }: ComparedRecords): string[] {
  const some = (names: readonly string[]): string =>
    `${names.slice(0, NAMED).join('; ')}${names.length > NAMED ? `; and ${names.length - NAMED} more` : ''}`;
  return [
    ...comparisons.map(
      ({ name, ratio, band, slower }) =>
        `${slower ? 'SLOWER' : 'as before or faster'}: ${name}: ${ratio.toFixed(3)} times as fast (noise band ${band.toFixed(3)})`,
    ),
    ...(missing.length > 0 ? [`only in ${file}, not measured now: ${some(missing)}`] : []),
    ...(added.length > 0 ? [`measured now, not in ${file}: ${some(added)}`] : []),
    ...(comparisons.length === 0 ? [`NOTHING COMPARED: ${file} has no case of this run`] : []),
  ];
}

/** Most cases of one kind that are named. */
const NAMED = 5;
