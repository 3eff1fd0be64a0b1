import * as echarts from 'echarts';

const WIDTH = 820;
/** Where the plot lies, in pixels. */
export const GRID = { left: 70, top: 50, width: 720, height: 320 } as const;

/** Told apart on white, none of them twice. */
const COLOURS = [
  ...['#d9662b', '#3f7fc4', '#3d9970', '#9d6cc4', '#b08a1e', '#c4527a', '#1f9aa3'],
  ...['#7d8794', '#8c4a2f', '#2d4f8b', '#7fae3a', '#d08fd6', '#444444', '#e0a030'],
];

export interface Figure {
  readonly title: string;
  readonly xAxis: echarts.EChartsOption['xAxis'];
  readonly yAxis: echarts.EChartsOption['yAxis'];
  readonly series: echarts.SeriesOption[];
  /** Names of the series that the legend shows, in so many columns. */
  readonly legend: readonly string[];
  readonly columns: number;
  /** Pixels between the plot and its legend, for what the x axis says. */
  readonly below: number;
}

/** An SVG of its own: white paper, no script, no animation, the legend below the plot. */
export function renderFigure({ title, xAxis, yAxis, series, legend, columns, below }: Figure): string {
  const top = GRID.top + GRID.height + below;
  const rows = Math.ceil(legend.length / columns);
  const height = top + LEGEND.row * rows + LEGEND.margin;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      color: COLOURS,
      title: { text: title, left: GRID.left, top: 10, textStyle: { fontSize: 14 } },
      grid: GRID,
      // A legend a column, for the library spaces a row by widths of text that it can only guess here.
      legend: Array.from({ length: columns }, (_, column) => ({
        data: legend.slice(column * rows, (column + 1) * rows),
        top,
        left: GRID.left + (column * GRID.width) / columns,
        orient: 'vertical',
        icon: 'circle',
        padding: 0,
        itemGap: 0,
        textStyle: { lineHeight: LEGEND.row },
      })),
      xAxis,
      yAxis,
      series,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

/** Pixels. */
const LEGEND = { row: 20, margin: 10 };

/** A logarithmic axis from below the least to above the most of `values`, which are above 0. */
export function logAxis(name: string, values: readonly number[], nameGap: number) {
  const ticks = Array.from({ length: 24 }, (_, i) => i - 12).flatMap((decade) =>
    [1, 2, 5].map((step) => Number(`${step}e${decade}`)),
  );
  const min = ticks.findLast((tick) => tick < Math.min(...values))!;
  const max = ticks.find((tick) => tick > Math.max(...values))!;
  const customValues = ticks.filter((tick) => tick >= min && tick <= max);
  return {
    type: 'log',
    name,
    nameLocation: 'middle',
    nameGap,
    min,
    max,
    axisTick: { customValues },
    axisLabel: { customValues, formatter: String },
    splitLine: { show: true },
  } as const;
}
