import type { SeriesOption } from 'echarts';
import type { HistoryEntry, HistoryRecord } from '../../src/bench/history.ts';
import { logAxis, renderFigure } from './render.ts';

/**
 * The kernels of the newest entry that has any: GFLOP/s over flop a byte, under the roof of the adapter's own best
 * product and copy in the same run.
 */
export function rooflineFigure(entries: readonly HistoryEntry[]): string | undefined {
  const entry = entries.findLast(({ records }) => records.some(isKernel));
  const kernels = entry?.records.filter(isKernel) ?? [];
  const [{ peakGflops, copyGbs } = {}] = kernels;
  if (!entry || peakGflops === undefined || copyGbs === undefined) return undefined;
  const ridge = peakGflops / copyGbs;
  const points = kernels.map((kernel) => ({ kind: kindOf(kernel), at: placeOf(kernel) }));
  const kinds = [...new Set(points.map(({ kind }) => kind))];
  const intensities = [ridge, ...points.map(({ at }) => at[0])];
  const [least, most] = [Math.min(...intensities), Math.max(...intensities)];
  const text = (value: number): string => String(Number(value.toPrecision(3)));
  const corner = (at: [number, number], formatter: string, position: 'top' | 'right', distance = 5) => ({
    value: at,
    label: { show: formatter !== '', formatter, position, distance },
  });
  const roof = [
    corner([least, least * copyGbs], `copy ${text(copyGbs)} GB/s`, 'right', 60),
    corner([ridge, peakGflops], `best product ${text(peakGflops)} GFLOP/s`, 'top'),
    corner([most, peakGflops], '', 'top'),
  ];
  return renderFigure({
    title: `Kernels of the networks, ${entry.revision}, ${entry.machine}`,
    xAxis: logAxis('flop a byte, logarithmic', intensities, 30),
    yAxis: logAxis(
      'GFLOP/s, logarithmic',
      [...points.map(({ at }) => at), ...roof.map(({ value }) => value)].map(([, gflops]) => gflops),
      45,
    ),
    series: [
      ...kinds.map((kind): SeriesOption => {
        const data = points.filter((point) => point.kind === kind).map(({ at }) => at);
        return { type: 'scatter', name: kind, symbolSize: 9, data };
      }),
      { type: 'line', symbol: 'circle', symbolSize: 1, color: '#333333', data: roof },
    ],
    legend: kinds,
    columns: 3,
    below: 60,
  });
}

/** What moves without arithmetic has no place under a roof. */
const isKernel = ({ suite, gflops, gbs, name }: HistoryRecord): boolean =>
  suite === 'kernels' && !name.startsWith('bounds/') && (gflops ?? 0) > 0 && (gbs ?? 0) > 0;

/** Flop a byte, and GFLOP/s. */
const placeOf = ({ gflops, gbs }: HistoryRecord): [number, number] => [gflops! / gbs!, gflops!];

function kindOf({ name }: HistoryRecord): string {
  const own = name.slice(name.indexOf('/') + 1);
  return /^[a-zA-Z]+\d?d?(?: (?:input|weight) gradient)?/.exec(own)?.[0] ?? own;
}
