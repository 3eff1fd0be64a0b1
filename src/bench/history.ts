import { ConfigError, FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { fields, listOf, number, readExpected, text as textOf } from '../formats/expectation.ts';
import { isThere, readText } from '../formats/regularFile.ts';
import type { BenchRecord } from './record.ts';

/** One line of a history: what was measured of a release or a notable change, on one machine. */
export interface HistoryEntry {
  /** Date of the change, as YYYY-MM-DD. */
  readonly date: string;
  /** A commit or a release. */
  readonly revision: string;
  /** What changed, in a few words: it stands under the axis. */
  readonly note: string;
  /** Adapter and cores: lines of one file share it. */
  readonly machine: string;
  readonly records: readonly HistoryRecord[];
}

/** The part of a benchmark record that the figures need. */
export type HistoryRecord = Pick<
  BenchRecord,
  | 'suite'
  | 'name'
  | 'shape'
  | 'medianMs'
  | 'p10Ms'
  | 'p90Ms'
  | 'gflops'
  | 'gbs'
  | 'peakGflops'
  | 'copyGbs'
  | 'memory'
>;

const EXPECTED = fields({
  date: textOf,
  revision: textOf,
  note: textOf,
  machine: textOf,
  records: listOf(fields({ suite: textOf, name: textOf, shape: textOf, medianMs: number })),
});

/** One JSON object a line. @throws FileError naming the line that is invalid or from another machine. */
export async function readHistory(path: string): Promise<HistoryEntry[]> {
  const text = (await isThere(path)) ? await readText(path) : '';
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.map((line, i) => {
    const fix = 'name a file that `bench history add` wrote';
    return readExpected<HistoryEntry>(path, line, EXPECTED, { at: `line ${i + 1}`, fix });
  });
  const other = entries.findIndex(({ machine }) => machine !== entries[0]!.machine);
  if (other > 0) {
    const { machine } = entries[other]!;
    throw new FileError(
      `${path}:${other + 1}: was measured on ${machine}, the lines before on ${entries[0]!.machine}`,
    );
  }
  return entries;
}

/** Appends one line, in the order of dates. @throws ConfigError where the file belongs to another machine. */
export async function addToHistory(
  path: string,
  entry: Omit<HistoryEntry, 'records'>,
  records: readonly BenchRecord[],
): Promise<void> {
  const before = await readHistory(path);
  const machine = before[0]?.machine ?? entry.machine;
  if (machine !== entry.machine) {
    throw new ConfigError(`${path}: belongs to ${machine}, got ${entry.machine}`, {
      fix: 'keep a file a machine: absolute times of two do not compare',
    });
  }
  if (!isDate(entry.date)) {
    throw new ConfigError(`date expects YYYY-MM-DD, got ${entry.date}`);
  }
  const made = { ...entry, records: records.map(kept) };
  const known = before.findIndex(({ revision }) => revision === entry.revision);
  const entries = known < 0 ? [...before, made] : before.with(known, made);
  // Those of one day stay in the order in which they came.
  entries.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
  await writeFileAtomic(path, entries.map((each) => `${JSON.stringify(each)}\n`).join(''));
}

/** Whether it is a day that there is. */
const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  new Date(`${text}T00:00Z`).getTime() > 0 &&
  new Date(`${text}T00:00Z`).toISOString().startsWith(text);

function kept(record: BenchRecord): HistoryRecord {
  const { suite, name, shape, medianMs, p10Ms, p90Ms, gflops, gbs, peakGflops, copyGbs, memory } = record;
  const figure = (value: number): number => Number(value.toPrecision(5));
  const each = { medianMs, p10Ms, p90Ms, gflops, gbs, peakGflops, copyGbs };
  const rounded = Object.entries(each).map(([key, value]) => [
    key,
    typeof value === 'number' ? figure(value) : value,
  ]);
  return {
    ...({ suite, name, shape, ...Object.fromEntries(rounded) } as HistoryRecord),
    // For a single kernel it adds nothing to the shape.
    ...(suite !== 'kernels' && memory && { memory }),
  };
}
