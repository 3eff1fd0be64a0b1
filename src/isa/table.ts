import { type Card, peakMultiplyAdds } from './cards.ts';
import type { Reading } from './reading.ts';

type Row = (Reading | { readonly label: string; readonly refused: string }) & {
  readonly dispatches: number;
  /** Of these, those that run once per set of weights. */
  readonly ahead: number;
};

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const HEAD = [
  'kernel',
  'runs',
  'VGPRs',
  'spills',
  'LDS',
  'waves',
  'code',
  'loop: turns',
  'instr.',
  'mul-adds',
  'conflicts',
  'bytes/lane',
  'bound by',
  'us',
];

/** One line a kernel, then what all dispatches take together and what their multiply-adds would alone. */
export function readingTable(rows: readonly Row[], card: Card | null): string {
  const cells = [HEAD, ...rows.map((row) => ('refused' in row ? [row.label, row.refused] : cellsOf(row)))];
  const widths = HEAD.map((_, i) =>
    Math.max(...cells.map((row) => (row.length === HEAD.length ? row[i]!.length : 0))),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...(card ? [totalLine(rows, card)] : [])].join('\n');
}

function cellsOf(row: Reading & { readonly dispatches: number; readonly ahead: number }): string[] {
  const { turns, ...mix } = row.loop;
  const instructions = Object.values(mix).reduce((sum, count) => sum + count, 0) / Math.max(1, turns);
  const conflicts = row.accesses.flatMap(({ conflicts, times }) =>
    conflicts === null ? [] : [{ conflicts, times }],
  );
  const times = conflicts.reduce((sum, each) => sum + each.times, 0);
  return [
    row.label,
    row.ahead > 0 ? `${row.dispatches} (${row.ahead} once)` : String(row.dispatches),
    String(row.registers.vector),
    row.scratch > 0 ? `${row.spilled}+${row.scratch} B` : String(row.spilled),
    String(row.lds),
    row.predicted
      ? `${number(Math.min(row.predicted.filled, row.wavesPerSimd))} of ${row.wavesPerSimd}`
      : String(row.wavesPerSimd),
    String(row.code),
    number(turns),
    String(Math.round(instructions)),
    percent(row.loopShare),
    times === 0
      ? ''
      : (conflicts.reduce((sum, each) => sum + each.conflicts * each.times, 0) / times).toFixed(2),
    widthsOf(row),
    `${row.predicted?.bound ?? '-'}${row.unknownBranches > 0 ? ' ?' : ''}`,
    row.predicted ? number(row.predicted.microseconds) : '-',
  ];
}

/** `L16 S4`: widths of loads and stores of global memory, the most frequent first. */
function widthsOf({ accesses }: Reading): string {
  const widths = (kind: string): string =>
    [...accesses]
      .filter((each) => each.what !== 'workgroup' && each.kind === kind)
      .sort((a, b) => b.times - a.times)
      .map(({ bytes }) => bytes)
      .filter((bytes, i, all) => all.indexOf(bytes) === i)
      .join('/');
  return [`L${widths('load') || '-'}`, `S${widths('store') || '-'}`].join(' ');
}

function totalLine(rows: readonly Row[], card: Card): string {
  let [time, macs, dispatches] = [0, 0, 0];
  for (const row of rows) {
    const runs = row.dispatches - row.ahead;
    dispatches += runs;
    if ('refused' in row || !row.predicted) continue;
    time += runs * row.predicted.microseconds;
    macs += runs * row.multiplyAdds;
  }
  const least = macs / peakMultiplyAdds(card) / 1000;
  const ratio =
    least > 0
      ? `, ${(time / least).toFixed(2)} times the time of their multiply-adds at the card's full rate`
      : '';
  return `${dispatches} dispatches a run: ${number(time)} us${ratio}`;
}

/** One line for each way in which a kernel accesses memory. */
export const accessLines = ({ accesses }: Reading): string[] =>
  accesses.map(({ what, kind, bytes, times, conflicts, used }) => {
    const notes = [
      ...(conflicts === null ? [] : [`${conflicts.toFixed(2)} times the passes of no conflict`]),
      ...(used === null ? [] : [`${percent(used)} of the lines touched`]),
    ];
    return `  ${what}: ${kind} of ${bytes} bytes a lane, ${number(times)} times a wave${notes.length > 0 ? `; ${notes.join(', ')}` : ''}`;
  });
