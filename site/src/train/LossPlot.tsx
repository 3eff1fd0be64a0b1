import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { useElementWidth } from '../elementWidth.ts';
import { shownPoints } from './losses.ts';
import type { LossPoint } from './messages.ts';

const HEIGHT = 220;
const MARGIN = { left: 52, right: 16, top: 10, bottom: 26 };
/** Pixels that a label takes. */
const LABEL = { wide: 70, high: 50 };

type Point = Pick<LossPoint, 'step' | 'loss'>;

/** The loss of one stage over its steps, on a logarithmic scale. */
export function LossPlot({
  name,
  points,
  of,
}: {
  name: string;
  /** At least one. */
  points: readonly Point[];
  /** Steps of the whole stage. */
  of: number;
}) {
  const { frame, width } = useElementWidth();
  const [first, last] = [points[0]!, points.at(-1)!];
  const label = `Loss of ${name}: ${first.loss.toPrecision(3)} at step ${first.step}, ${last.loss.toPrecision(3)} at step ${last.step}`;
  return (
    <figure class="plot">
      <figcaption class="small soft">
        Loss: {name}, <span class="numbers">{last.loss.toPrecision(4)}</span> at step {last.step}
      </figcaption>
      <div ref={frame} class="chart">
        {width > 0 && <Curve points={points} of={of} width={width} label={label} />}
      </div>
    </figure>
  );
}

function Curve({
  points,
  of,
  width,
  label,
}: {
  points: readonly Point[];
  of: number;
  width: number;
  label: string;
}) {
  const [left, right, bottom] = [MARGIN.left, width - MARGIN.right, HEIGHT - MARGIN.bottom];
  const losses = points.map(({ loss }) => loss);
  const x = scaleLinear().domain([0, of]).range([left, right]);
  // A loss of 0 has no logarithm; curves go on below what is shownPoints.
  const least = Math.max(Math.min(...losses), Math.max(...losses) / 1e6);
  const y = scaleLog()
    .domain([least / 1.2, Math.max(...losses, Number.MIN_VALUE) * 1.2])
    .range([bottom, MARGIN.top])
    .clamp(true);
  const path = line<Point>(
    ({ step }) => x(step),
    ({ loss }) => y(loss),
  );
  const steps = x.ticks(width / LABEL.wide).filter(Number.isInteger);
  const levels = y.ticks(HEIGHT / LABEL.high);
  const text = y.tickFormat(HEIGHT / LABEL.high, '~g');
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={label}>
      {levels.map((value) => (
        <g key={value}>
          <line class="rule" x1={left} x2={right} y1={y(value)} y2={y(value)} />
          <text x={left - 8} y={y(value)} dy="0.35em" text-anchor="end">
            {text(value)}
          </text>
        </g>
      ))}
      {steps.map((value) => (
        <g key={value}>
          <line class="rule" x1={x(value)} x2={x(value)} y1={MARGIN.top} y2={bottom} />
          <text x={x(value)} y={bottom + 18} text-anchor="middle">
            {value}
          </text>
        </g>
      ))}
      <path d={path([...shownPoints(points, right - left)]) ?? ''} />
    </svg>
  );
}
