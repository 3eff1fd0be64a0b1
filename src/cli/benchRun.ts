/** A benchmark from the session it runs in to what is printed, written and compared. */
import { type DeviceClock, deviceClock } from '../bench/deviceClock.ts';
import { peerText } from '../bench/duel.ts';
import { addedText } from '../bench/latency.ts';
import {
  type BenchRecord,
  clockText,
  compareRecords,
  formatRecords,
  readRecords,
  writeRecords,
} from '../bench/record.ts';
import { openSession, type Session } from '../train/session.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';

export interface BenchOutput {
  /** File for the records. */
  out?: string;
  /** File of records to compare with. */
  compare?: string;
}

type Measurement = (session: Session, context: Context, clock?: DeviceClock) => Promise<BenchRecord[]>;

/** The exit code: 1 where something became slower than in `compare`. */
export async function measure(
  context: Context,
  { out, compare }: BenchOutput,
  measurement: Measurement,
): Promise<number> {
  const before = compare === undefined ? [] : await readRecords(compare);
  // A measurement has no state to save, and a peer's step may take a minute.
  context.signal.addEventListener('abort', () => process.exit(EXIT.interrupted), { once: true });
  // `wgad profile` has a clock of its own on the device.
  const clock = context.gpu.profiler ? undefined : deviceClock();
  const session = await openSession({ ...context.gpu, profiler: context.gpu.profiler ?? clock?.profiler });
  let records: BenchRecord[];
  try {
    records = await measurement(session, context, clock);
  } finally {
    session.close();
  }
  if (out !== undefined) await writeRecords(out, records);
  const comparisons = compareRecords(before, records);
  if (before.length > 0 && comparisons.length === 0) {
    context.say(`${compare}: has no case of this run, so nothing was compared`);
  }
  const lines = comparisons.map(
    ({ name, ratio, band, slower }) =>
      `${slower ? 'slower' : 'as before or faster'}: ${name}: ${ratio.toFixed(3)} (band ${band.toFixed(3)})`,
  );
  context.result(
    { records, comparisons },
    [
      formatRecords(records),
      ...clockText(records),
      ...addedText(records),
      ...peerText(records),
      ...lines,
    ].join('\n'),
  );
  return comparisons.some(({ slower }) => slower) ? EXIT.failed : EXIT.done;
}
