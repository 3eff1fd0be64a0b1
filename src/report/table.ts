import { shown } from '../errors.ts';
import { percent } from '../formats/percent.ts';
import { MEASURES, type Measure, type MetricName } from '../score/measures.ts';
import type { Metrics } from '../score/tally.ts';
import { type ClassMetrics, PROTOCOLS, type Protocol } from '../score/testRun.ts';

/** The part of results.json that the tables show. */
interface TableSource {
  readonly protocols: {
    readonly 'absolute-unified': Readonly<Record<string, Metrics>>;
    readonly 'model-unified': Readonly<Record<string, ClassMetrics>>;
    readonly 'class-separated'?: Readonly<Record<string, ClassMetrics>>;
  };
}

export type TableRow = readonly string[];

const cell = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : percent(value);

/** The numbers of a measure side by side. */
const cellOf = ({ names }: Measure<MetricName>, metrics: Metrics): string =>
  names.map((name) => cell(metrics[name])).join(' / ');

/** Measures with at least one number in the results. */
function measuresOf({ protocols }: TableSource): Measure<MetricName>[] {
  const any = Object.values(protocols['absolute-unified'])[0] ?? {};
  return MEASURES.filter(({ names }) => names.some((name) => name in any));
}

const metricsOf = ({ protocols }: TableSource, protocol: Protocol, alignment: string): Metrics =>
  protocol === 'absolute-unified' ? protocols[protocol][alignment]! : protocols[protocol]![alignment]!.mean;

/** Protocols of `shown` that the results have. */
const present = ({ protocols }: TableSource, shown: readonly Protocol[]): Protocol[] =>
  shown.filter((protocol) => protocols[protocol] !== undefined);

/**
 * The paper's Table 1: a column per alignment, AUROC / AP in percent, and AUPRO where it was computed; the first row
 * is the heading.
 */
export function tableRows(source: TableSource, shown: readonly Protocol[] = PROTOCOLS): TableRow[] {
  const alignments = Object.keys(source.protocols['absolute-unified']);
  const rows: TableRow[] = [['AUROC / AP in percent', ...alignments]];
  for (const measure of measuresOf(source)) {
    for (const protocol of present(source, shown)) {
      const cells = alignments.map((name) => cellOf(measure, metricsOf(source, protocol, name)));
      rows.push([`${measure.title}, ${protocol}`, ...cells]);
    }
  }
  return rows;
}

/**
 * Each class by itself: a row per class, two or more columns per alignment, and as many again where each class has a
 * model of its own.
 */
export function classTableRows(source: TableSource): TableRow[] {
  const own = Object.entries(source.protocols['class-separated'] ?? {});
  const unified = [
    ...Object.entries(source.protocols['model-unified']),
    ...own.map(([name, metrics]) => [`${name}, own model`, metrics] as const),
  ];
  const classes = Object.keys(unified[0]?.[1].classes ?? {});
  const measures = measuresOf(source);
  return [
    [
      'AUROC / AP in percent',
      ...unified.flatMap(([name]) => measures.map(({ title }) => `${name}: ${title}`)),
    ],
    ...classes.map((className) => [
      className,
      ...unified.flatMap(([, { classes: each }]) =>
        measures.map((measure) => cellOf(measure, each[className]!)),
      ),
    ]),
  ];
}

/** Why numbers of the table are missing, and what the means leave out: a line each, the same for several columns once. */
export function reasonLines(source: TableSource, shown: readonly Protocol[] = PROTOCOLS): string[] {
  const lines = new Set<string>();
  for (const protocol of present(source, shown)) {
    for (const alignment of Object.keys(source.protocols['absolute-unified'])) {
      const reasons = Object.entries(metricsOf(source, protocol, alignment).reasons ?? {});
      for (const [name, reason] of reasons) lines.add(`${name}, ${protocol}: ${reason}`);
    }
  }
  return [...lines];
}

/** Rows as aligned text for a terminal. */
export function formatTable(rows: readonly TableRow[]): string {
  // Class names are folder names, so escape them.
  const cells = rows.map((row) => row.map((cell) => shown(cell)));
  const widths = cells[0]!.map((_, i) => cells.reduce((most, row) => Math.max(most, row[i]!.length), 0));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
