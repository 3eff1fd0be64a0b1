import type { Judged } from './messages.ts';
import { verdictOf } from './tables.ts';

const WIDTH = 1000;
const HEIGHT = 44;
const FLOOR = 36;

/** All scores as strokes on one line, with the threshold. */
export function ScoreStrip({
  judged,
  threshold,
  range: [low, high],
}: {
  judged: readonly Judged[];
  threshold: number;
  range: readonly [number, number];
}) {
  const x = (score: number): number => 8 + ((score - low) / (high - low)) * (WIDTH - 16);
  const anomalous = judged.filter(({ calibrated }) => calibrated >= threshold).length;
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Scores from ${low.toFixed(2)} to ${high.toFixed(2)}: ${anomalous} of ${judged.length} at or above the threshold`}
    >
      <line class="axis" x1="0" x2={WIDTH} y1={FLOOR} y2={FLOOR} />
      {/* A path each: an element for every score would be drawn anew with each image that is judged. */}
      {(['normal', 'anomalous'] as const).map((verdict) => (
        <path
          key={verdict}
          class={verdict}
          d={judged
            .filter(({ calibrated }) => verdictOf(calibrated, threshold) === verdict)
            .map(({ calibrated }) => `M${x(calibrated).toFixed(1)} 14V${FLOOR}`)
            .join('')}
        />
      ))}
      <line class="cut" x1={x(threshold)} x2={x(threshold)} y1="0" y2={HEIGHT} />
    </svg>
  );
}
