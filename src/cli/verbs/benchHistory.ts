import { addToHistory, type HistoryEntry, type HistoryRecord, readHistory } from '../../bench/history.ts';
import type { BenchRecord } from '../../bench/record.ts';
import { readRecords } from '../../bench/recordFile.ts';
import { TABLE_WIDTH } from '../../bench/recordTable.ts';
import { ConfigError } from '../../errors.ts';
import { isThere } from '../../formats/regularFile.ts';
import { textTable } from '../../formats/textTable.ts';
import { EXIT } from '../exitCodes.ts';
import { pattern } from '../numbers.ts';
import type { AddVerb } from '../verb.ts';

interface EntryFlags {
  readonly revision?: string;
  readonly date?: string;
  readonly note: string;
  readonly machine?: string;
}

export const benchHistoryVerb: AddVerb = (bench, run) => {
  const history = bench
    .command('history')
    .description('what was measured of each release or change, a line each, in a file a machine')
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench op "softmax [64,1000]" --out op.json\n  wgad bench history add mine.jsonl op.json --note "first"\n  wgad bench history show mine.jsonl',
    );
  history
    .command('add')
    .argument('<file>', 'the history, a .jsonl file; it is made where there is none')
    .argument('<records...>', 'files that wgad bench wrote with --out')
    .description('add a line, in the order of dates; a revision that is there is replaced')
    .option('--revision <name>', "commit or release; default the records' commit, else their version")
    .option('--date <date>', 'of the change, as YYYY-MM-DD; default when it was measured')
    .option('--note <text>', 'what changed, in a few words', '')
    .option(
      '--machine <text>',
      "adapter and cores, the same in all lines of a file; default the file's, else the adapter",
    )
    .addHelpText('after', '\nExample:\n  wgad bench history add mine.jsonl op.json --note "first"')
    .action((file: string, paths: string[], flags: EntryFlags) =>
      run(async (context) => {
        const records = (await Promise.all(paths.map(readRecords))).flat();
        const [first] = await readHistory(file);
        const entry = {
          ...entryOf(records, flags),
          machine: flags.machine ?? first?.machine ?? records[0]!.adapter,
        };
        await addToHistory(file, entry, records);
        context.result(
          { file, ...entry, records: records.length },
          `${file}: ${records.length} records of ${entry.revision}`,
        );
        return EXIT.done;
      }),
    );
  history
    .command('show')
    .argument('<file>', 'the history')
    .description('each case over its revisions, and how many times as fast each was as the one before')
    .option('--filter <regex>', 'cases whose suite, name and shape match', pattern, /./)
    .addHelpText('after', '\nExample:\n  wgad bench history show mine.jsonl --filter softmax')
    .action((file: string, { filter }: { filter: RegExp }) =>
      run(async (context) => {
        if (!(await isThere(file))) {
          throw new ConfigError(`bench history show: there is no ${file}`, {
            fix: 'make one by bench history add',
          });
        }
        const rows = rowsOf(await readHistory(file)).filter(({ name }) => filter.test(name));
        if (rows.length === 0)
          throw new ConfigError(`bench history show: no case of ${file} matches ${filter.source}`);
        context.result({ file, rows }, tableOf(rows));
        return EXIT.done;
      }),
    );
};

/** @throws ConfigError if the records have neither, as those of older versions. */
function entryOf(records: readonly BenchRecord[], { revision, date, note }: EntryFlags) {
  const [{ commit, version, date: measured }] = records as [BenchRecord, ...BenchRecord[]];
  const [name, day] = [revision ?? commit ?? version, date ?? measured?.slice(0, 10)];
  if (name === undefined)
    throw new ConfigError('bench history add: expects --revision: the records name no commit');
  if (day === undefined) throw new ConfigError('bench history add: expects --date: the records have none');
  return { revision: name, date: day, note };
}

/** A case at a revision. */
interface HistoryRow {
  /** Suite, name and shape. */
  readonly name: string;
  readonly date: string;
  readonly revision: string;
  readonly note: string;
  readonly medianMs: number;
  /** The time of the revision before over this one's; null at the first. */
  readonly timesAsFast: number | null;
}

function rowsOf(entries: readonly HistoryEntry[]): HistoryRow[] {
  const before = new Map<string, number>();
  const rows = entries.flatMap(({ records, date, revision, note }) =>
    records.map((record): HistoryRow => {
      const name = nameOf(record);
      const { medianMs } = record;
      const last = before.get(name);
      before.set(name, medianMs);
      return {
        name,
        date,
        revision,
        note,
        medianMs,
        timesAsFast: last === undefined ? null : last / medianMs,
      };
    }),
  );
  return [...before.keys()].flatMap((name) => rows.filter((row) => row.name === name));
}

const nameOf = ({ suite, name, shape }: HistoryRecord): string => `${suite} ${name} ${shape}`;

const tableOf = (rows: readonly HistoryRow[]): string =>
  textTable(
    rows,
    [
      { title: 'case', words: true, cell: ({ name }, at) => (rows[at - 1]?.name === name ? '' : name) },
      { title: 'date', cell: ({ date }) => date },
      { title: 'revision', words: true, cell: ({ revision }) => revision },
      { title: 'what changed', words: true, cell: ({ note }) => note },
      { title: 'median ms', cell: ({ medianMs }) => medianMs.toFixed(3) },
      { title: 'times as fast', cell: ({ timesAsFast }) => timesAsFast?.toFixed(2) ?? '' },
    ],
    TABLE_WIDTH,
  ).lines.join('\n');
