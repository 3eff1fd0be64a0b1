import { COLOURS, figure, label, logAxis, numberText, PLOT, px, xGrid, yGrid } from './chart.ts';
import type { HistoryEntry, HistoryRecord } from '../history.ts';

interface Point {
  readonly kind: string;
  readonly name: string;
  /** Flop a byte. */
  readonly intensity: number;
  readonly gflops: number;
}

/**
 * The kernels of the newest entry that has any: GFLOP/s over flop a byte, under the roof of the adapter's own best
 * product and copy in the same run.
 */
export function rooflineFigure(entries: readonly HistoryEntry[]): string | undefined {
  const entry = entries.findLast(({ records }) => records.some(isKernel));
  const kernels = entry?.records.filter(isKernel) ?? [];
  const [{ peakGflops, copyGbs } = {}] = kernels;
  if (!entry || peakGflops === undefined || copyGbs === undefined) return undefined;
  const points = kernels.map(pointOf);
  const kinds = [...new Set(points.map(({ kind }) => kind))];
  const ridge = peakGflops / copyGbs;
  const intensities = [...points.map(({ intensity }) => intensity), ridge];
  const x = logAxis(intensities, PLOT.left, PLOT.right);
  const least = Math.min(...intensities);
  const most = Math.max(...intensities);
  const y = logAxis(
    [...points.map(({ gflops }) => gflops), peakGflops, least * copyGbs],
    PLOT.bottom,
    PLOT.top,
  );
  const corners = [
    [least, least * copyGbs],
    [ridge, peakGflops],
    [most, peakGflops],
  ] as const;
  const roof = corners
    .map(([at, rate], i) => `${i === 0 ? 'M' : 'L'}${px(x.at(at))},${px(y.at(rate))}`)
    .join('');
  const dots = points.map(
    ({ kind, name, intensity, gflops }) =>
      `<circle class="dot c${kinds.indexOf(kind) % COLOURS}" cx="${px(x.at(intensity))}" cy="${px(y.at(gflops))}" r="4.5"><title>${name}: ${numberText(gflops)} GFLOP/s</title></circle>`,
  );
  const legend = kinds.flatMap((kind, i) => {
    const [column, row] = [i % 4, Math.floor(i / 4)];
    const [left, top] = [PLOT.left + column * 185, PLOT.bottom + 54 + row * 16];
    return [
      `<circle class="dot c${i % COLOURS}" cx="${px(left)}" cy="${px(top - 4)}" r="4.5"/>`,
      label(left + 10, top, kind, 'start'),
    ];
  });
  return figure(`Kernels of the networks, ${entry.revision}, ${entry.machine}`, 'GFLOP/s, logarithmic', [
    ...yGrid(y),
    ...xGrid(x),
    `<path class="roof" d="${roof}"/>`,
    label(x.at(ridge) - 8, y.at(peakGflops) - 4, `best product ${numberText(peakGflops)} GFLOP/s`, 'end'),
    label(x.at(least) + 48, y.at(least * copyGbs) + 2, `copy ${numberText(copyGbs)} GB/s`, 'start'),
    label((PLOT.left + PLOT.right) / 2, PLOT.bottom + 36, 'flop a byte, logarithmic', 'middle'),
    ...dots,
    ...legend,
  ]);
}

/** What moves without arithmetic has no place under a roof. */
const isKernel = ({ suite, gflops, gbs, name }: HistoryRecord): boolean =>
  suite === 'kernels' && !name.startsWith('bounds/') && (gflops ?? 0) > 0 && (gbs ?? 0) > 0;

function pointOf({ name, gflops, gbs }: HistoryRecord): Point {
  const own = name.slice(name.indexOf('/') + 1);
  const kind = /^[a-zA-Z]+\d?d?(?: (?:input|weight) gradient)?/.exec(own)?.[0] ?? own;
  return { kind, name, intensity: gflops! / gbs!, gflops: gflops! };
}
