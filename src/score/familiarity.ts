/**
 * Three numbers of one image: mean and maximum of the map as the regressor predicts them for a normal image, and the
 * map's actual mean.
 */
export interface Impression {
  readonly predictedU: number;
  readonly predictedGamma: number;
  readonly u: number;
}

/** Of an image that is cut into tiles: the means of their means, and the highest of their maxima. */
export function overTiles(tiles: readonly Impression[]): Impression {
  const mean = (of: (tile: Impression) => number): number =>
    tiles.reduce((sum, tile) => sum + of(tile), 0) / tiles.length;
  return {
    predictedU: mean(({ predictedU }) => predictedU),
    predictedGamma: tiles.reduce(
      (most, tile) => Math.max(most, tile.predictedGamma),
      Number.NEGATIVE_INFINITY,
    ),
    u: mean(({ u }) => u),
  };
}

type Range = readonly [lowest: number, highest: number];

/** Ranges of the impressions of a run's training images. */
export interface FamiliarRange {
  readonly u: Range;
  readonly gamma: Range;
  /** Range of `gapOf` over the training images. */
  readonly gap: Range;
  /** Training images behind it. */
  readonly images: number;
}

/**
 * How far the map's mean exceeds the predicted one, in units of the predicted span: the mean of the calibrated map.
 * About 0 where an image is what the regressor takes it for; a defect raises part of the map, an unknown object all of
 * it.
 */
export const gapOf = ({ predictedU, predictedGamma, u }: Impression): number =>
  (u - predictedU) / Math.max(predictedGamma - predictedU, LEAST_SPAN * Math.max(1, Math.abs(predictedU)));

/** The same floor as in the denominator of equation 5. */
const LEAST_SPAN = 1e-6;

/** The range of impressions, or null if there are none. */
export function familiarRange(impressions: readonly Impression[]): FamiliarRange | null {
  if (impressions.length === 0) return null;
  const range = (of: (impression: Impression) => number): [number, number] => {
    const values = impressions.map(of);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  };
  return {
    u: range(({ predictedU }) => predictedU),
    gamma: range(({ predictedGamma }) => predictedGamma),
    gap: range(gapOf),
    images: impressions.length,
  };
}

/** Least half-width of a range, relative to its ends, so that a single training image has a range too. */
const LEAST_HALF = 1e-4;

/** Distance from the middle of a range in half widths, negative below: within -1 and 1 inside. */
function place([lowest, highest]: Range, value: number): number {
  const least = LEAST_HALF * Math.max(Math.abs(lowest), Math.abs(highest), Number.MIN_VALUE);
  return (value - (lowest + highest) / 2) / Math.max((highest - lowest) / 2, least);
}

/** How far the prediction alone lies from the middle of the range, on the axis where it lies farthest: at most 1 inside. */
export const strangePrediction = (range: FamiliarRange, { predictedU, predictedGamma }: Impression): number =>
  Math.max(Math.abs(place(range.u, predictedU)), Math.abs(place(range.gamma, predictedGamma)));

/** The same for the gap, which is unusual only above the range. */
export const strangeGap = (range: FamiliarRange, impression: Impression): number =>
  place(range.gap, gapOf(impression));

/** Another plan or adapter rounds a training image's impression differently; it must stay inside. */
const ROUNDING = 1e-3;

/**
 * Whether an image is unlike those trained on: its prediction lies outside their range, or its map exceeds what was
 * predicted for it by more than any of theirs. The second finds nearly all that is found (docs/unfamiliar.md).
 */
export const isUnfamiliar = (range: FamiliarRange, impression: Impression): boolean =>
  Math.max(strangePrediction(range, impression), strangeGap(range, impression)) > 1 + ROUNDING;
