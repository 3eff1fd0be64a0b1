/**
 * Chooses the tile of `blocked` and the number of parts of a sum where nothing was measured: the cheapest by a model of
 * a GPU. Its figures are a large card's by its datasheet (H100: 132 multiprocessors, 67 TFLOP/s, 3 TB/s), not measured;
 * only their ratios decide. A smaller GPU needs fewer invocations to be busy, so there the rule at worst adds a second
 * pass.
 */

import type { GemmProblem } from '../problem.ts';

export interface BlockedTile {
  /** Rows and columns of the result per workgroup. */
  readonly m: number;
  readonly n: number;
  /** Depth of the tiles in workgroup memory. */
  readonly k: 8 | 16;
  /** Rows and columns of the result per invocation. */
  readonly rows: 4 | 8;
  readonly columns: 4 | 8;
  /** Buffers of each tile: 1, or 2 used alternately. */
  readonly buffers: 1 | 2;
}

/** Largest first: among tiles of equal cost and waste the first is taken. */
const TILES: readonly BlockedTile[] = [
  { m: 128, n: 128, k: 8, rows: 8, columns: 8, buffers: 2 },
  { m: 128, n: 64, k: 16, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 128, k: 16, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 8, columns: 4, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 32, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 64, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 32, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 16, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 16, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
];

/** Nanoseconds to read or write this many f32 numbers, plus one dispatch. */
export const moveCost = (numbers: number): number => (4 * numbers) / BYTES;

/** Multiply-adds a nanosecond with every unit busy, and the bytes that memory moves meanwhile. */
const MACS = 33_500;
const BYTES = 3000;
/** Invocations that keep all units busy: 132 x 4 schedulers, 3 warps each to hide latency. */
const BUSY = 132 * 4 * 3 * 32;
/** Nanoseconds per extra dispatch. */
export const DISPATCH = 3000;
/** Shortest part of a sum. */
const SHORTEST = 64;

/** Nanoseconds of one product: sums of length `depth`. */
function productCost({ m, n, z }: Sizes, depth: number, tile: BlockedTile): number {
  const groups = Math.ceil(m / tile.m) * Math.ceil(n / tile.n) * z;
  const invocations = (groups * tile.m * tile.n) / (tile.rows * tile.columns);
  // Per k an invocation fetches rows + columns numbers from workgroup memory, four at a time, for rows x columns sums.
  const fetches = (tile.rows + tile.columns) / 4;
  const efficiency = (tile.rows * tile.columns) / (tile.rows * tile.columns + 4 * fetches);
  const macs = groups * tile.m * tile.n * Math.ceil(depth / tile.k) * tile.k;
  return macs / (MACS * efficiency * Math.min(1, invocations / BUSY));
}

export type Sizes = Pick<GemmProblem, 'm' | 'n' | 'k' | 'z'>;

/**
 * Null if none fits. Extra rows cost no time while units are idle, so among equals the tile that wastes least is taken.
 */
export function guessBlocked(problem: Sizes, fits: (tile: BlockedTile) => boolean): BlockedTile | null {
  const { m, n, k } = problem;
  const [best] = TILES.filter(fits)
    .map((tile) => ({
      tile,
      cost: productCost(problem, k, tile),
      results: Math.ceil(m / tile.m) * tile.m * Math.ceil(n / tile.n) * tile.n,
    }))
    .sort((a, b) => a.cost - b.cost || a.results - b.results);
  return best?.tile ?? null;
}

/** Nanoseconds with each sum in so many parts, which are written and read once more, and the best tile. */
export function blockedCost(problem: Sizes, splits: number): number {
  const { m, n, k, z } = problem;
  const depth = Math.ceil(k / splits);
  const product = Math.min(...TILES.map((tile) => productCost({ ...problem, z: z * splits }, depth, tile)));
  return product + (splits === 1 ? 0 : DISPATCH + moveCost(2 * splits * m * n * z));
}

/** Number of parts that a sum is cut into; 1: not cut. */
export function guessSplits(problem: Sizes, most: number): number {
  const { k } = problem;
  const cost = (splits: number): number => blockedCost(problem, splits);
  const counts: number[] = [];
  for (let splits = 1; splits <= most && k / splits >= SHORTEST; splits *= 2) counts.push(splits);
  return counts.reduce((best, splits) => (cost(splits) < cost(best) ? splits : best), 1);
}
