/** A benchmark from the session it runs in to what is printed, written and compared. */
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
import { peerText } from '../../bench/duels/duel.ts';
import { addedText } from '../bench/latency.ts';
import { type BenchRecord, clockText, formatRecords, readRecords, writeRecords } from '../bench/record.ts';
import { requireWritable } from '../formats/regularFile.ts';
import { openSession, type Session } from '../train/session.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';

export interface BenchOutput {
  /** File for the records. */
  out?: string;
  /** File of records to compare with. */
  compare?: string;
  /** Compare although the file is of another adapter. */
  force?: boolean;
}

/** Called again for cases that look slower than before: then `only` picks them. */
export type Measurement = (
  session: Session,
  watch: { readonly clock?: DeviceClock; readonly only?: (each: NamedCase) => boolean },
) => Promise<BenchRecord[]>;

/** The exit code: 1 where something became slower than in `compare`, or nothing could be compared. */
export async function measure(
  context: Context,
  { out, compare, force = false }: BenchOutput,
  measurement: Measurement,
): Promise<number> {
  if (out !== undefined) await requireWritable(out);
  const before = compare === undefined ? [] : await readRecords(compare);
  // A measurement has no state to save, and a peer's step may take a minute.
  context.endAtSignal();
  // `wgad profile` has a clock of its own on the device.
  const clock = context.gpu.profiler ? undefined : deviceClock();
  const session = await openSession({ ...context.gpu, profiler: context.gpu.profiler ?? clock?.profiler });
  let records: BenchRecord[];
  try {
    if (compare !== undefined && !force) requireSameAdapter(compare, before, session.gpu.adapter.name);
    records = await measurement(session, { clock });
    const suspects = slowerThan(before, records);
    if (suspects.length > 0) {
      context.say(`${suspects.length} cases look slower than in ${compare}: measuring them again by turns`);
      const only = casesOf(suspects);
      const rounds: BenchRecord[][] = [];
      for (let i = 0; i < RECHECKS; i++) rounds.push(await measurement(session, { clock, only }));
      records = middleOf(records, rounds);
    }
  } finally {
    session.close();
  }
  if (out !== undefined) await writeRecords(out, records);
  const compared = compareRecords(before, records);
  context.result(
    { records, ...compared },
    [
      formatRecords(records),
      ...clockText(records),
      ...addedText(records),
      ...peerText(records),
      ...(compare === undefined ? [] : comparedText(compare, compared)),
    ].join('\n'),
  );
  const nothing = compare !== undefined && compared.comparisons.length === 0;
  return nothing || compared.comparisons.some(({ slower }) => slower) ? EXIT.failed : EXIT.done;
}

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

/** Cases of one kind that are named. */
const NAMED = 5;
