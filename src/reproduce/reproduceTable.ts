import { join } from 'node:path';
import { officialSet, officialTotals } from '../data/index.ts';
import { removeStaleTemps, writeFileAtomic } from '../formats/atomicFile.ts';
import { makeFolder, requireWritable } from '../formats/regularFile.ts';
import type { Cell, Planned, Settings } from './cells.ts';
import { planCells } from './cells.ts';
import { markdown, textRows } from './markdown.ts';
import { type Ordering, orderingLines, orderings } from './orderings.ts';
import { type OutcomeRow, outcomeRows } from './outcome.ts';
import { runCells, type Workers } from './run.ts';
import type { FoundSets } from './sets.ts';
import { TABLES, type TableName } from './tables.ts';

export interface TableRequest {
  readonly name: TableName;
  readonly sets: FoundSets;
  /** Whether `sets` are drawn, and stand in for those of the paper. */
  readonly synthetic: boolean;
  readonly settings: Settings;
  readonly out: string;
}

/** What `<out>/<name>.json` holds. */
export interface TableOutcome {
  readonly table: TableName;
  readonly title: string;
  readonly version: string;
  readonly adapters: readonly string[];
  readonly synthetic: boolean;
  readonly settings: Settings;
  readonly data: readonly {
    readonly set: string;
    readonly root: string;
    readonly classes: number;
    readonly train: number;
    readonly test: number;
    /** What the published data set has; absent where a drawn one stands in for it. */
    readonly published?: { readonly classes: number; readonly train: number; readonly test: number };
  }[];
  readonly rows: readonly OutcomeRow[];
  readonly orderings: readonly Ordering[];
}

/**
 * Fills one table of the paper: does what is missing, then writes `<out>/<name>.md` and `<out>/<name>.json`.
 * @returns null where an interrupt stopped it; the same call goes on.
 */
export async function reproduceTable(
  request: TableRequest,
  workers: Workers,
): Promise<{ outcome: TableOutcome; text: string[][]; notes: string[]; files: string[] } | null> {
  const { name, sets, synthetic, settings, out } = request;
  const table = TABLES[name];
  const plan = planCells(table.entries, sets, settings, out);
  await makeFolder(out);
  await removeStaleTemps(out);
  const files = [join(out, `${name}.md`), join(out, `${name}.json`)];
  for (const path of files) await requireWritable(path);
  const results = await runCells(plan, workers);
  if (!results) return null;
  const rows = outcomeRows(table, plan, results, out);
  const adapters = [...new Set([...results.values()].map(({ adapter }) => adapter))].sort();
  const used = [...sets].filter(([set]) => table.entries.some((entry) => entry.set === set));
  const outcome: TableOutcome = {
    table: name,
    title: table.title,
    version: settings.version,
    adapters,
    synthetic,
    settings,
    data: used.map(([set, { root, layout, classes, train, test }]) => {
      const official = synthetic ? null : officialSet(layout, classes);
      return {
        set,
        root,
        classes: classes.length,
        train: train.length,
        test: test.length,
        ...(official ? { published: officialTotals(official) } : {}),
      };
    }),
    rows,
    orderings: orderings(rows),
  };
  const text = textRows(table, rows);
  const notes = [...notesOf(outcome, plan), ...orderingLines(outcome.orderings)];
  await writeFileAtomic(files[0]!, markdown(table.title, notes, text));
  await writeFileAtomic(files[1]!, `${JSON.stringify(outcome, null, 2)}\n`);
  return { outcome, text, notes, files };
}

/** What one must know to read the numbers. */
function notesOf({ adapters, synthetic, settings, data }: TableOutcome, plan: readonly Planned[]): string[] {
  const { encoder, seeds, noise } = settings;
  const jobs = [...new Set(plan.flatMap(({ cells }) => cells.map((cell: Cell) => cell.job)))];
  const sizes = [...new Set(jobs.map(({ config }) => `${config.size} px, batches of ${config.batch}`))];
  const steps = [
    ...new Set(
      jobs.map(({ config, from }) => {
        const { iterations, alignIterations } = from?.config ?? config;
        return `${iterations} + ${alignIterations} steps`;
      }),
    ),
  ];
  const over =
    seeds.length > 1 ? `mean ± standard deviation over seeds ${seeds.join(', ')}` : `seed ${seeds[0]}`;
  return [
    `Percent: measured (the paper's, difference); ${over}`,
    ...(synthetic
      ? ["Synthetic images stand in for the paper's data: compare the order of rows, not the values"]
      : []),
    ...data.map(({ set, root, classes, train, test, published }) => {
      const noisy =
        set === 'BTAD' && noise > 0 ? `, ${100 * noise} % of the anomalies mixed into training` : '';
      const counts = `${classes} classes, ${train} training and ${test} test images${noisy}`;
      const { classes: k, train: n, test: m } = published ?? { classes, train, test };
      const whole = classes === k && train === n && test === m;
      return `${set}: ${root}, ${counts}${whole ? '' : `; published with ${k}, ${n} and ${m}`}`;
    }),
    `Encoder ${encoder}, ${[...sizes, ...steps].join(', ')}`,
    `Adapter: ${adapters.join(', ') || 'none used'}`,
  ];
}
