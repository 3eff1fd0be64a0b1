import { type ScaleLogarithmic, scaleLog } from 'd3-scale';
import type { BenchRecord } from '../../../src/bench/record.ts';
import { useElementWidth } from '../elementWidth.ts';
import type { Roof } from './records.ts';

/** Records of one adapter under its roof. */
export interface Series {
  readonly name: string;
  readonly records: readonly BenchRecord[];
  readonly roof: Roof | null;
}

const HEIGHT = 360;
const MARGIN = { left: 52, right: 12, top: 14, bottom: 44 };
/** Operations a byte at the left end where nothing has fewer. */
const LEAST_INTENSITY = 0.1;
/** Pixels that a label takes. */
const LABEL = { wide: 90, high: 60 };

interface Point {
  readonly intensity: number;
  readonly gflops: number;
  readonly label: string;
  readonly number: number;
}

/** What does no arithmetic has no place in it. */
const pointsOf = (records: readonly BenchRecord[]): Point[] =>
  records.flatMap(({ name, gflops, gbs }, i) =>
    gflops && gbs ? [{ intensity: gflops / gbs, gflops, label: name, number: i + 1 }] : [],
  );

/** Rate over arithmetic intensity, both logarithmic: a kernel below the slope is held up by memory, one below the flat part by arithmetic. */
export function RooflineChart({ series }: { series: readonly [Series, ...Series[]] }) {
  const { frame, width } = useElementWidth();
  return (
    <div ref={frame} class="chart">
      {width > 0 && <Chart series={series} width={width} />}
    </div>
  );
}

function Chart({ series, width }: { series: readonly [Series, ...Series[]]; width: number }) {
  const all = series.map((each) => ({ ...each, points: pointsOf(each.records) }));
  const points = all.flatMap((each) => each.points);
  const roofs = all.flatMap(({ roof }) => roof ?? []);
  const ridges = roofs.map(({ peakGflops, copyGbs }) => peakGflops / copyGbs);
  const intensities = points.map(({ intensity }) => intensity);
  const x = scaleLog()
    .domain([
      Math.min(LEAST_INTENSITY, ...intensities.map((each) => each / 1.5)),
      Math.max(...ridges.map((each) => each * 8), ...intensities.map((each) => each * 1.5)),
    ])
    .range([MARGIN.left, width - MARGIN.right]);
  const [least, most] = x.domain() as [number, number];
  const rates = [
    ...points.map(({ gflops }) => gflops),
    ...roofs.flatMap(({ peakGflops, copyGbs }) => [peakGflops, Math.min(peakGflops, least * copyGbs)]),
  ];
  const y = scaleLog()
    .domain([Math.min(...rates) / 1.6, Math.max(...rates) * 1.6])
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const [across, up] = [width / LABEL.wide, HEIGHT / LABEL.high];
  const [xTick, yTick] = [labelsOf(x, across), labelsOf(y, up)];
  const [left, bottom] = [MARGIN.left, HEIGHT - MARGIN.bottom];
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={summaryOf(series)}>
      {y.ticks(up).map((value) => (
        <g key={value}>
          <line class="rule" x1={left} x2={width - MARGIN.right} y1={y(value)} y2={y(value)} />
          <text x={left - 8} y={y(value)} dy="0.35em" text-anchor="end">
            {yTick(value)}
          </text>
        </g>
      ))}
      {x.ticks(across).map((value) => (
        <g key={value}>
          <line class="rule" x1={x(value)} x2={x(value)} y1={MARGIN.top} y2={bottom} />
          <text x={x(value)} y={bottom + 18} text-anchor="middle">
            {xTick(value)}
          </text>
        </g>
      ))}
      <text x={(left + width - MARGIN.right) / 2} y={HEIGHT - 6} text-anchor="middle">
        operations a byte
      </text>
      <text x={left + 6} y={MARGIN.top + 12}>
        GFLOP/s
      </text>
      {all.map(({ name, roof, points: own }, i) => (
        <g key={name} class={i === 0 ? 'first' : 'second'}>
          {roof && (
            <polyline
              class="roof"
              points={[
                [least, least * roof.copyGbs],
                [roof.peakGflops / roof.copyGbs, roof.peakGflops],
                [most, roof.peakGflops],
              ]
                .map(([intensity, rate]) => `${x(intensity!)},${y(rate!)}`)
                .join(' ')}
            />
          )}
          {own.map(({ intensity, gflops, label, number }) => (
            <g key={number} transform={`translate(${x(intensity)} ${y(gflops)})`}>
              <title>{`${number}: ${label}, ${gflops.toPrecision(3)} GFLOP/s`}</title>
              {i === 0 ? <circle r="4.5" /> : <path d="M0 -6L6 0L0 6L-6 0Z" />}
              {i === all.length - 1 && (
                <text class="number" x="7" y="-5">
                  {number}
                </text>
              )}
            </g>
          ))}
        </g>
      ))}
    </svg>
  );
}

/** Labels of some of an axis's lines, empty for the others. */
const labelsOf = (scale: ScaleLogarithmic<number, number>, count: number): ((value: number) => string) => {
  const known = scale.tickFormat(count);
  return (value) =>
    known(value) && Number(value.toPrecision(2)).toLocaleString('en', { maximumFractionDigits: 9 });
};

const summaryOf = (series: readonly Series[]): string =>
  series
    .map(({ name, records, roof }) => {
      const top = roof
        ? `at most ${roof.peakGflops.toPrecision(3)} GFLOP/s and ${roof.copyGbs.toPrecision(3)} GB/s`
        : 'no roofline';
      return `Roofline of ${name}: ${top}; ${pointsOf(records).length} cases below it, with their numbers in the table of results`;
    })
    .join('. ');
