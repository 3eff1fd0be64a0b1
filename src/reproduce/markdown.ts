import type { MetricName } from '../score/measures.ts';
import type { Outcome, OutcomeRow } from './outcome.ts';
import type { Table } from './tables.ts';

const HEADINGS: Readonly<Partial<Record<MetricName, string>>> = {
  iAuroc: 'I-AUROC',
  iAp: 'I-AP',
  pAuroc: 'P-AUROC',
  pAp: 'P-AP',
};

/** The table as cells of text, the heading first: a gain is a row of its own below the one it belongs to. */
export function textRows({ labels, metrics }: Table, rows: readonly OutcomeRow[]): string[][] {
  const cells = (numbers: OutcomeRow['numbers'], write: (outcome: Outcome) => string): string[] =>
    metrics.map((name) => write(numbers[name]!));
  const padded = (texts: readonly string[]): string[] => labels.map((_, i) => texts[i] ?? '');
  return [
    [...labels, ...metrics.map((name) => HEADINGS[name] ?? name), ''],
    ...rows.flatMap((row) => {
      const own = [...padded(row.labels), ...cells(row.numbers, level), row.reason ?? ''];
      if (!row.gain) return [own];
      return [own, [...padded(['gain', row.gain.over]), ...cells(row.gain.numbers, gained), '']];
    }),
  ];
}

/** `97.1 ± 0.3 (98.0, -0.9)`: measured, the paper's, the difference. */
const level = (outcome: Outcome): string => written(outcome, (value) => value.toFixed(1));
const gained = (outcome: Outcome): string => written(outcome, signed);

function written({ mean, spread, paper, difference }: Outcome, text: (value: number) => string): string {
  const measured = mean === null ? '–' : text(mean);
  const around = spread === null ? '' : ` ± ${spread.toFixed(1)}`;
  if (paper === null) return measured + around;
  const apart = difference === null ? '' : `, ${signed(difference)}`;
  return `${measured}${around} (${text(paper)}${apart})`;
}

function signed(value: number): string {
  const text = value.toFixed(1);
  // Less than half a tenth below zero is no loss.
  if (Number(text) === 0) return '0.0';
  return value > 0 ? `+${text}` : text;
}

/** What holds for the whole table, a line each, then the table. */
export function markdown(title: string, notes: readonly string[], rows: readonly string[][]): string {
  const [heading = [], ...body] = rows.map((row) => row.map(escaped));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `# ${title}`,
    '',
    ...notes.map((note) => `- ${escaped(note)}`),
    '',
    line(heading),
    line(heading.map(() => '---')),
    ...body.map(line),
    '',
  ].join('\n');
}

/** Names of folders may hold what means something in Markdown. */
const escaped = (text: string): string => text.replaceAll(/[\\|<>*_`[\]]/g, (c) => `\\${c}`);
