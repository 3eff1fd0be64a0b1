import type { Alignment } from '../methods/alignments/index.ts';

/** One image as a trained run sees it. */
export interface ScoredImage {
  readonly scores: ReadonlyMap<Alignment, number>;
  /** [size, size] each. */
  readonly maps: ReadonlyMap<Alignment, Float32Array>;
  /** (u, gamma) that each alignment uses; of a tiled image the mean and the highest of its tiles'. */
  readonly statistics: ReadonlyMap<Alignment, readonly [number, number]>;
  /** Alignments under which equation 5 met its floor, in any tile. */
  readonly floored: ReadonlySet<Alignment>;
  /** Mean of the map before calibration. */
  readonly u: number;
}
