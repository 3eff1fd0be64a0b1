import type { CustomSeriesRenderItem, SeriesOption } from 'echarts';
import type { HistoryEntry, HistoryRecord } from '../../src/bench/history.ts';
import { GRID, logAxis, renderFigure } from './render.ts';

/** Milliseconds of every scoring case over the entries of a history, with the 10th to 90th percentile. */
export function latencyFigure(entries: readonly HistoryEntry[]): string {
  const points = entries.flatMap(({ records }, at) =>
    records.filter(isLatency).map((record) => ({ at, name: nameOf(record), ...figuresOf(record) })),
  );
  const names = [...new Set(points.map(({ name }) => name))];
  return renderFigure({
    title: `Scoring a batch, ${entries[0]?.machine ?? ''}`,
    xAxis: {
      type: 'category',
      data: entries.map(({ date, revision, note }) => `${date}\n${revision}\n${note}`),
      axisLabel: { interval: 0, width: GRID.width / entries.length - 10, overflow: 'break' },
    },
    yAxis: logAxis(
      'ms, logarithmic',
      points.flatMap(({ p10Ms, p90Ms }) => [p10Ms, p90Ms]),
      45,
    ),
    // Series of one name have one colour.
    series: names.flatMap((name): SeriesOption[] => {
      const own = points.filter((point) => point.name === name);
      return [
        {
          ...{ type: 'line', name, symbol: 'circle', symbolSize: 8 },
          data: own.map(({ at, medianMs }) => [at, medianMs]),
        },
        {
          ...{ type: 'custom', name, renderItem: spread, encode: { x: 0, y: [1, 2] } },
          data: own.map(({ at, p10Ms, p90Ms }) => [at, p10Ms, p90Ms]),
        },
      ];
    }),
    legend: names,
    columns: 2,
    below: 90,
  });
}

/** A line from the one value to the other. */
const spread: CustomSeriesRenderItem = (_, api) => {
  const [x1, y1] = api.coord([api.value(0), api.value(1)]) as [number, number];
  const [x2, y2] = api.coord([api.value(0), api.value(2)]) as [number, number];
  return { type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: api.visual('color'), lineWidth: 2 } };
};

const isLatency = ({ suite, name }: HistoryRecord): boolean => suite === 'latency' && !name.includes(' adds');
const nameOf = ({ name, shape }: HistoryRecord): string => `${name}, ${shape}`;
const figuresOf = ({ medianMs, p10Ms, p90Ms }: HistoryRecord) => ({ medianMs, p10Ms, p90Ms });
