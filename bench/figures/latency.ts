import { COLOURS, figure, HEIGHT, label, logAxis, PLOT, px, segment, yGrid } from './chart.ts';
import type { HistoryEntry, HistoryRecord } from '../history.ts';

/** The legend lies below the dates and notes: however many cases there are, it hides none of them. */
const LEGEND = { columns: 2, rowHeight: 18, top: HEIGHT + 12 } as const;

/** Pixels, with some to spare: neighbours must not touch. */
const CHARACTER = 7;

/** Milliseconds of every scoring case over the entries of a history, with the 10th to 90th percentile. */
export function latencyFigure(entries: readonly HistoryEntry[]): string {
  const measured = entries.flatMap(({ records }) => records.filter(isLatency));
  const names = [...new Set(measured.map(nameOf))];
  const y = logAxis(
    measured.flatMap(({ p10Ms, p90Ms }) => [p10Ms, p90Ms]),
    PLOT.bottom,
    PLOT.top,
  );
  const step = (PLOT.right - PLOT.left) / entries.length;
  const x = (entry: number): number => PLOT.left + (entry + 0.5) * step;
  const lines = names.flatMap((name, i) => {
    const colour = `c${i % COLOURS}`;
    const left = PLOT.left + (i % LEGEND.columns) * ((PLOT.right - PLOT.left) / LEGEND.columns);
    const top = LEGEND.top + Math.floor(i / LEGEND.columns) * LEGEND.rowHeight;
    const points = entries.flatMap(({ records }, at) => {
      const found = records.filter(isLatency).find((record) => nameOf(record) === name);
      return found ? [{ at: x(at), record: found }] : [];
    });
    const path = points.map(
      ({ at, record }, n) => `${n === 0 ? 'M' : 'L'}${px(at)},${px(y.at(record.medianMs))}`,
    );
    return [
      `<g class="${colour}">`,
      `<path class="line" d="${path.join('')}"/>`,
      ...points.flatMap(({ at, record }) => [
        segment('spread', at, y.at(record.p10Ms), at, y.at(record.p90Ms)),
        `<circle class="dot" cx="${px(at)}" cy="${px(y.at(record.medianMs))}" r="4"><title>${record.medianMs} ms</title></circle>`,
      ]),
      segment('line', left, top - 4, left + 24, top - 4),
      label(left + 32, top, name, 'start'),
      '</g>',
    ];
  });
  const dates = entries.flatMap(({ date, revision, note }, at) =>
    [...wrapped(`${date} ${revision}`, step / CHARACTER), ...wrapped(note, step / CHARACTER)].map((line, i) =>
      label(x(at), PLOT.bottom + 20 + 15 * i, line, 'middle'),
    ),
  );
  const machine = entries[0]?.machine ?? '';
  const height = LEGEND.top + Math.ceil(names.length / LEGEND.columns) * LEGEND.rowHeight;
  return figure(`Scoring a batch, ${machine}`, 'ms, logarithmic', [...yGrid(y), ...dates, ...lines], height);
}

const isLatency = ({ suite, name }: HistoryRecord): boolean => suite === 'latency' && !name.includes(' adds');
const nameOf = ({ name, shape }: HistoryRecord): string => `${name}, ${shape}`;

/** Lines of at most `width` characters, three at most. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.slice(0, 3);
}
