import { relative } from 'node:path';
import type { MetricName } from '../score/measures.ts';
import type { Metrics } from '../score/tally.ts';
import type { Results } from '../score/testRun.ts';
import type { Cell, Planned } from './cells.ts';
import type { Entry, Table } from './tables.ts';

/** One number of a table, in percent. */
export interface Outcome {
  /** One per seed. */
  readonly values: readonly number[];
  readonly mean: number | null;
  /** Standard deviation over seeds (n - 1); null for fewer than two. */
  readonly spread: number | null;
  readonly paper: number | null;
  /** `mean` - `paper`. */
  readonly difference: number | null;
}

export interface OutcomeRow {
  readonly labels: readonly string[];
  readonly set: string;
  readonly method: string;
  readonly alignment: string;
  readonly protocol: string;
  /** Folders of the results, relative to that of the reproduction. */
  readonly cells: readonly string[];
  /** Why nothing was measured. */
  readonly reason?: string;
  readonly numbers: Readonly<Partial<Record<MetricName, Outcome>>>;
  /** Gain over the base row, on the same seeds. */
  readonly gain?: { readonly over: string; readonly numbers: OutcomeRow['numbers'] };
}

/** The rows of a table: what was measured beside what the paper has. */
export function outcomeRows(
  { metrics, entries }: Table,
  plan: readonly Planned[],
  results: ReadonlyMap<Cell, Results>,
  out: string,
): OutcomeRow[] {
  const planned = new Map(plan.map((each) => [each.entry, each]));
  const measured = (entry: Entry): Metrics[] =>
    planned.get(entry)!.cells.map((cell) => metricsOf(results.get(cell)!, entry));
  return entries.map((entry) => {
    const { cells, reason } = planned.get(entry)!;
    const { labels, set, method, alignment, protocol, base } = entry;
    const own = measured(entry);
    const numbers = numbersOf(metrics, (name) => outcome(valuesOf(own, name), entry.paper[name]));
    const gain = base && {
      over: base.labels.join(', '),
      numbers: numbersOf(metrics, (name) => {
        const [mine, others] = [valuesOf(own, name), valuesOf(measured(base), name)];
        const [paper, paperBase] = [entry.paper[name], base.paper[name]];
        return outcome(
          mine.length === others.length ? mine.map((value, i) => value - others[i]!) : [],
          paper === undefined || paperBase === undefined ? undefined : paper - paperBase,
        );
      }),
    };
    return {
      labels,
      set,
      method,
      alignment,
      protocol,
      cells: cells.map(({ folder }) => relative(out, folder).replaceAll('\\', '/')),
      ...(reason === undefined ? {} : { reason }),
      numbers,
      ...(gain ? { gain } : {}),
    };
  });
}

const metricsOf = ({ protocols }: Results, { protocol, alignment }: Entry): Metrics =>
  protocol === 'absolute-unified' ? protocols[protocol][alignment]! : protocols[protocol][alignment]!.mean;

const numbersOf = (
  metrics: readonly MetricName[],
  of: (name: MetricName) => Outcome,
): Partial<Record<MetricName, Outcome>> => Object.fromEntries(metrics.map((name) => [name, of(name)]));

/** Percent. All seeds or none: a mean over some of them would compare with nothing. */
function valuesOf(each: readonly Metrics[], name: MetricName): number[] {
  const values = each.flatMap((metrics) => metrics[name] ?? []);
  return values.length === each.length ? values.map((value) => 100 * value) : [];
}

function outcome(values: readonly number[], paper: number | undefined): Outcome {
  const n = values.length;
  const mean = n === 0 ? null : values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - (mean ?? 0)) ** 2, 0);
  return {
    values,
    mean,
    spread: n < 2 ? null : Math.sqrt(squares / (n - 1)),
    paper: paper ?? null,
    difference: mean === null || paper === undefined ? null : mean - paper,
  };
}
