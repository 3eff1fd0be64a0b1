/** The device's part of a greedy coreset: what is projected, distances to points, and picks among a few candidates. */
import type { Graph } from '../graph/graph.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { reshape } from '../graph/ops/movement.ts';
import { farthestRows, nearestRows } from '../graph/ops/nearest.ts';
import { equal, sqrt, where } from '../graph/ops/pointwise.ts';
import { gather } from '../graph/ops/select.ts';
import { input, state, type Value } from '../graph/value.ts';

/** Dimensions in which distances between patches are compared (Roth et al. 2022). */
export const PROJECTED = 128;
/** Patches that the first distances are measured from. */
export const STARTS = 10;

export const patchesName = (chunk: number): string => `coreset patches ${chunk}`;
const patchesOf = (chunk: number, length: number): Value => state(patchesName(chunk), [length, PROJECTED]);

/** Patches' vectors [N, patches, C] to rows of 128 numbers by `projection` [128, C]: output projected [N patches, 128]. */
export function projectionOf(rows: Value): Graph {
  const [n, patches, width] = rows.shape as [number, number, number];
  const projection = input('projection', [PROJECTED, width]);
  const projected = matmul(reshape(rows, [n * patches, width]), projection, { transposeB: true });
  return { outputs: new Map([['projected', projected]]), effects: [] };
}

/** Output distances [length]: Euclidean, of a chunk's patches to the nearest of the `points` [points, 128]. */
export function distancePlan(chunk: number, length: number, points: number): Graph {
  const nearest = nearestRows(
    patchesOf(chunk, length),
    input('points', [points, PROJECTED]),
    1,
    'differences',
  );
  return {
    outputs: new Map([['distances', reshape(sqrt(nearest.distances), [length])]]),
    effects: [],
  };
}

export const placesName = (chunk: number): string => `places ${chunk}`;

/**
 * Greedy picks among some candidates. Inputs: `chunk` [candidates], which chunk each lies in; per chunk `places` (i32)
 * [candidates], its number there, anything for others; distances [candidates]. Outputs: at [picks], each pick's distance
 * when it was picked; picked [picks], which candidate it is; points [picks, 128].
 */
export function pickPlan(chunks: readonly number[], candidates: number, picks: number): Graph {
  const which = input('chunk', [candidates, 1]);
  const own = chunks
    .map((length, i) => gather(patchesOf(i, length), input(placesName(i), [candidates], 'i32')))
    .reduce((before, here, i) => where(equal(which, i), here, before));
  const { distances, indices } = farthestRows(own, input('distances', [candidates]), picks);
  return {
    outputs: new Map([
      ['at', distances],
      ['picked', indices],
      ['points', gather(own, indices)],
    ]),
    effects: [],
  };
}
