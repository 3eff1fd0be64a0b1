import { PROTOCOLS, type Protocol } from '../train/testRun.ts';

/** The part of results.json that the tables show. */
interface TableSource {
  readonly protocols: {
    readonly 'absolute-unified': Readonly<Record<string, Four>>;
    readonly 'model-unified': Readonly<
      Record<string, { readonly mean: Four; readonly classes: Readonly<Record<string, Four>> }>
    >;
  };
}

interface Four {
  readonly iAuroc: number | null;
  readonly iAp: number | null;
  readonly pAuroc: number | null;
  readonly pAp: number | null;
}

export type TableRow = readonly string[];

const percent = (value: number | null): string => (value === null ? '–' : (100 * value).toFixed(1));
const pair = (a: number | null, b: number | null): string => `${percent(a)} / ${percent(b)}`;
const TASKS = [
  { title: 'detection', cell: (four: Four) => pair(four.iAuroc, four.iAp) },
  { title: 'localisation', cell: (four: Four) => pair(four.pAuroc, four.pAp) },
] as const;

/** The paper's Table 1: a column per alignment, AUROC / AP in percent; the first row is the heading. */
export function tableRows({ protocols }: TableSource, shown: readonly Protocol[] = PROTOCOLS): TableRow[] {
  const alignments = Object.keys(protocols['absolute-unified']);
  const rows: TableRow[] = [['AUROC / AP in percent', ...alignments]];
  for (const { title, cell } of TASKS) {
    for (const protocol of shown) {
      const cells = alignments.map((name) =>
        cell(protocol === 'model-unified' ? protocols[protocol][name]!.mean : protocols[protocol][name]!),
      );
      rows.push([`${title}, ${protocol}`, ...cells]);
    }
  }
  return rows;
}

/** Each class by itself: a row per class, two columns per alignment. */
export function classTableRows({ protocols }: TableSource): TableRow[] {
  const unified = Object.entries(protocols['model-unified']);
  const classes = Object.keys(unified[0]?.[1].classes ?? {});
  return [
    ['AUROC / AP in percent', ...unified.flatMap(([name]) => TASKS.map(({ title }) => `${name}: ${title}`))],
    ...classes.map((className) => [
      className,
      ...unified.flatMap(([, { classes: each }]) => TASKS.map(({ cell }) => cell(each[className]!))),
    ]),
  ];
}

/** Rows as aligned text for a terminal. */
export function formatTable(rows: readonly TableRow[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
