import { percent } from '../formats/percent.ts';
import { type TextColumn, textTable } from '../formats/textTable.ts';
import { type Card, peakMultiplyAdds } from './cards.ts';
import type { Reading } from './reading.ts';

type Row = (Reading | { readonly label: string; readonly refused: string }) & {
  readonly dispatches: number;
  /** Of these, those that run once per set of weights. */
  readonly ahead: number;
};

type Read = Reading & Row;

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
/** A column of what was read of a kernel; empty where the compiler refused it. */
const column = (title: string, cell: (row: Read) => string): TextColumn<Row> => ({
  title,
  cell: (row) => ('refused' in row ? '' : cell(row)),
});

const COLUMNS: readonly TextColumn<Row>[] = [
  { title: 'kernel', words: true, cell: ({ label }) => label },
  column('runs', ({ dispatches, ahead }) =>
    ahead > 0 ? `${dispatches} (${ahead} once)` : String(dispatches),
  ),
  column('VGPRs', ({ registers }) => String(registers.vector)),
  column('spills', ({ scratch, spilled }) => (scratch > 0 ? `${spilled}+${scratch} B` : String(spilled))),
  column('LDS', ({ lds }) => String(lds)),
  column('waves', ({ predicted, wavesPerSimd }) =>
    predicted
      ? `${number(Math.min(predicted.filled, wavesPerSimd))} of ${wavesPerSimd}`
      : String(wavesPerSimd),
  ),
  column('code', ({ code }) => String(code)),
  column('loop: turns', ({ loop }) => number(loop.turns)),
  column('instr.', ({ loop: { turns, ...mix } }) =>
    String(Math.round(Object.values(mix).reduce((sum, count) => sum + count, 0) / Math.max(1, turns))),
  ),
  column('mul-adds', ({ loopShare }) => `${percent(loopShare, 0)} %`),
  column('conflicts', conflictsOf),
  column('bytes/lane', widthsOf),
  column(
    'bound by',
    ({ predicted, unknownBranches }) => `${predicted?.bound ?? '-'}${unknownBranches > 0 ? ' ?' : ''}`,
  ),
  column('us', ({ predicted }) => (predicted ? number(predicted.microseconds) : '-')),
  { title: 'refused', words: true, cell: (row) => ('refused' in row ? row.refused : '') },
];

/** One line a kernel, then what all dispatches take together and what their multiply-adds would alone. */
export function readingTable(rows: readonly Row[], card: Card | null): string {
  const { lines } = textTable(rows, COLUMNS, Number.POSITIVE_INFINITY);
  return [...lines, ...(card ? [totalLine(rows, card)] : [])].join('\n');
}

/** Mean over the accesses of the workgroup's memory; empty where there are none. */
function conflictsOf({ accesses }: Reading): string {
  const known = accesses.flatMap(({ conflicts, times }) =>
    conflicts === null ? [] : [{ conflicts, times }],
  );
  const times = known.reduce((sum, each) => sum + each.times, 0);
  return times === 0
    ? ''
    : (known.reduce((sum, each) => sum + each.conflicts * each.times, 0) / times).toFixed(2);
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
      ...(used === null ? [] : [`${percent(used, 0)} % of the lines touched`]),
    ];
    return `  ${what}: ${kind} of ${bytes} bytes a lane, ${number(times)} times a wave${notes.length > 0 ? `; ${notes.join(', ')}` : ''}`;
  });
