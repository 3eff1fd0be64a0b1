/** Where the regressor's predictions of (u, gamma) lie for the images that a run was trained on: a box. */
export interface FamiliarRange {
  readonly u: readonly [lowest: number, highest: number];
  readonly gamma: readonly [lowest: number, highest: number];
  /** Training images behind it. */
  readonly images: number;
}

/** The range of predictions [images, 2], or null of none. */
export function familiarRange(predictions: Float32Array): FamiliarRange | null {
  const images = predictions.length / 2;
  if (images === 0) return null;
  const range = (column: number): [number, number] => {
    let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = column; i < predictions.length; i += 2) {
      lowest = Math.min(lowest, predictions[i]!);
      highest = Math.max(highest, predictions[i]!);
    }
    return [lowest, highest];
  };
  return { u: range(0), gamma: range(1), images };
}

/** Half a range is at least this share of its ends: one training image alone has a range, too. */
const LEAST_HALF = 1e-4;

/**
 * How far a prediction lies from the middle of the range, in half widths, on the axis where it lies farthest: at
 * most 1 inside.
 */
export function strangeness({ u, gamma }: FamiliarRange, prediction: readonly [number, number]): number {
  return Math.max(
    ...[u, gamma].map(([lowest, highest], axis) => {
      const least = LEAST_HALF * Math.max(Math.abs(lowest), Math.abs(highest), Number.MIN_VALUE);
      const half = Math.max((highest - lowest) / 2, least);
      return Math.abs(prediction[axis]! - (lowest + highest) / 2) / half;
    }),
  );
}

/** Another plan or adapter rounds a training image's prediction differently; it must stay inside. */
const ROUNDING = 1e-3;

/**
 * Whether a prediction lies outside the range: of objects unlike those trained on, the regressor knows no normal
 * level. How many it finds of them: docs/unfamiliar.md.
 */
export const isUnfamiliar = (range: FamiliarRange, prediction: readonly [number, number]): boolean =>
  strangeness(range, prediction) > 1 + ROUNDING;
