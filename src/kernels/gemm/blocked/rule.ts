/**
 * Chooses the tile of `blocked` and the number of parts of a sum where nothing was measured: the cheapest by a model of a
 * GPU, whose rates are public figures of its family (`rates.ts`), and whose costs of instructions are those that a compiler's
 * view shows (`wgad kernels isa`, docs/kernels/gpu.md). Nothing of it was measured.
 */
import type { DeviceFacts } from '../../kernel.ts';
import type { GemmProblem, Operand } from '../problem.ts';
import { GPU_RATES, type GpuRates } from './rates.ts';

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
  { m: 64, n: 128, k: 8, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 64, k: 8, rows: 8, columns: 8, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 8, columns: 4, buffers: 2 },
  { m: 32, n: 128, k: 16, rows: 8, columns: 4, buffers: 2 },
  { m: 32, n: 64, k: 16, rows: 8, columns: 4, buffers: 2 },
  { m: 64, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 32, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 64, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 32, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 16, n: 64, k: 16, rows: 4, columns: 4, buffers: 2 },
  { m: 16, n: 32, k: 16, rows: 4, columns: 4, buffers: 2 },
];

/** The rates of a device's family. */
export const ratesOf = ({ family = 'nvidia' }: DeviceFacts): GpuRates => GPU_RATES[family];

/** Nanoseconds to read or write this many f32 numbers: at the last cache's rate where it holds them. */
export const moveCost = (numbers: number, { memory, cache, cacheMegabytes }: GpuRates): number =>
  (4 * numbers) / (4 * numbers <= cacheMegabytes * 1e6 ? cache : memory);

/** Nanoseconds per extra dispatch. */
export const DISPATCH = 3000;
/** Shortest part of a sum. */
const SHORTEST = 64;
/** Terms whose time the beginning and the end of a workgroup take. */
const AROUND = 32;
/** Instructions of a lane for each number gathered: where its term is the same for a whole subgroup, and where it is not. */
const GATHERED = 9;
const GATHERED_APART = 60;
/** The same where it lies a constant behind the one before. */
const GATHERED_IN_RUNS = 4;
/** Bytes of cache lines for each number of a kernel of nine taps, of which one is read. */
const SCATTERED_BYTES = 36;
/** The same for a number loaded in a vector of four. */
const LOADED = 2;
/** Clocks that a subgroup waits for the workgroup's memory at each term, for each of its results; and for what it gathers. */
const WAIT_OF_RESULT = 1;
const WAIT_GATHERED = 15;

export type Sizes = Pick<GemmProblem, 'm' | 'n' | 'k' | 'z'> & {
  /** B's numbers are read one by one: patches, in runs or not. Default: four at a time. */
  readonly gathers?: 'runs' | 'terms';
  /** Bytes of cache lines for each of B's numbers; default 4. */
  readonly gatheredBytes?: number;
  /** A's numbers are read one by one, far from each other. */
  readonly scattered?: boolean;
  /** Of operands whose terms lie side by side in memory: how many loads a vector of four takes. */
  readonly loadsAlong?: { readonly a?: number; readonly b?: number };
};

export const sizesOf = ({ m, n, k, z, a, b }: GemmProblem): Sizes => ({
  m,
  n,
  k,
  z,
  ...(!b.vectors && !b.kFirst && { gathers: b.runs ? 'runs' : 'terms' }),
  ...(b.runs && { gatheredBytes: b.runs.bytes }),
  ...(!a.vectors && !a.kFirst && { scattered: true }),
  loadsAlong: { a: loadsAlong(a), b: loadsAlong(b) },
});

const loadsAlong = ({ vectors }: Operand): number | undefined =>
  vectors?.along === 'k' ? (vectors.apart ?? 1) : undefined;

/** Nanoseconds of one product: sums of length `depth`. */
function productCost(
  { m, n, z, gathers, gatheredBytes = 4, scattered, loadsAlong = {} }: Sizes,
  depth: number,
  tile: BlockedTile,
  rates: GpuRates,
): number {
  const { units, lanes, clock, workgroupBytes, secondCache, line = 4, resident, latency } = rates;
  const results = tile.rows * tile.columns;
  const invocations = (tile.m * tile.n) / results;
  const rounds = Math.ceil((Math.ceil(m / tile.m) * Math.ceil(n / tile.n) * z) / units);
  const terms = Math.ceil(depth / tile.k) * tile.k + AROUND;
  const singly = (side: number): number => (invocations <= side ? GATHERED : GATHERED_APART);
  const each = { runs: GATHERED_IN_RUNS, terms: singly(tile.n), vectors: LOADED }[gathers ?? 'vectors'];
  const loading = tile.n * each + tile.m * (scattered ? singly(tile.m) : LOADED);
  const vector = (tile.m * tile.n + loading) / lanes;
  // Each invocation fetches its rows and columns; each number is written once.
  const fetched = (4 * (invocations * (tile.rows + tile.columns) + tile.m + tile.n)) / workgroupBytes;
  // Of a row whose terms lie side by side a tile takes few, and each load its whole line.
  const along = (loads: number | undefined, otherwise: number): number =>
    loads === undefined ? otherwise : Math.max(4, (loads * line) / tile.k);
  const passing =
    secondCache === undefined
      ? 0
      : (along(loadsAlong.a, scattered ? SCATTERED_BYTES : 4) * tile.m +
          along(loadsAlong.b, gatheredBytes) * tile.n) /
        secondCache;
  const busy = rounds * terms * Math.max(vector, fetched, passing);
  const alone =
    terms * (results * (128 / lanes + WAIT_OF_RESULT) + (gathers ? WAIT_GATHERED : 0) + latency / 80);
  return Math.max(busy, alone * Math.max(1, (rounds * invocations) / resident)) / clock;
}

/**
 * Null if none fits. Extra rows cost no time while units are idle, so among equals the tile that wastes least is taken.
 */
export function guessBlocked(
  problem: Sizes,
  fits: (tile: BlockedTile) => boolean,
  rates: GpuRates,
): BlockedTile | null {
  const { m, n, k } = problem;
  const [best] = TILES.filter(fits)
    .map((tile) => ({
      tile,
      cost: productCost(problem, k, tile, rates),
      results: Math.ceil(m / tile.m) * tile.m * Math.ceil(n / tile.n) * tile.n,
    }))
    .sort((a, b) => a.cost - b.cost || a.results - b.results);
  return best?.tile ?? null;
}

/** Nanoseconds with each sum in so many parts, which are written and read once more, and the best tile. */
export function blockedCost(problem: Sizes, splits: number, rates: GpuRates): number {
  const { m, n, k, z } = problem;
  const depth = Math.ceil(k / splits);
  const product = Math.min(
    ...TILES.map((tile) => productCost({ ...problem, z: z * splits }, depth, tile, rates)),
  );
  return product + (splits === 1 ? 0 : DISPATCH + moveCost(2 * splits * m * n * z, rates));
}

/** Number of parts that a sum is cut into; 1: not cut. */
export function guessSplits(problem: Sizes, most: number, rates: GpuRates): number {
  const { k } = problem;
  const cost = (splits: number): number => blockedCost(problem, splits, rates);
  const counts: number[] = [];
  for (let splits = 1; splits <= most && k / splits >= SHORTEST; splits *= 2) counts.push(splits);
  return counts.reduce((best, splits) => (cost(splits) < cost(best) ? splits : best), 1);
}
