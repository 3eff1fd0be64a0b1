import { ConfigError, gotText } from '../errors.ts';
import { refuseExtra } from '../options.ts';

/** The overlapping squares that a square image is cut into, row by row from the top left. */
export interface TileGrid {
  /** Side of the image in pixels. */
  readonly size: number;
  /** Side of a tile. */
  readonly tile: number;
  /** First column of each column of tiles, ascending; rows alike. */
  readonly starts: readonly number[];
  /** Tiles of an image. */
  readonly count: number;
}

/** One tile of an image. */
export interface TileOf {
  readonly path: string;
  readonly tile: number;
}

/**
 * As few tiles as reach from edge to edge with neighbours that share at least `overlap` of a side, evenly spaced. Where the
 * tile is the image, that is one.
 * @param overlap share of a tile's side, at least 0 and less than 1.
 */
export function tileGrid(size: number, tile: number, overlap: number, ...extra: never[]): TileGrid {
  refuseExtra('tileGrid', extra);
  if (!(tile >= 1 && tile <= size && overlap >= 0 && overlap < 1)) {
    throw new ConfigError(
      `tiles: expect a side from 1 to ${size} and an overlap from 0 to less than 1, got ${gotText(tile)} and ${gotText(overlap)}`,
    );
  }
  const most = Math.max(1, Math.floor(tile * (1 - overlap)));
  const steps = Math.ceil((size - tile) / most);
  const starts = Array.from({ length: steps + 1 }, (_, i) =>
    steps === 0 ? 0 : Math.round((i * (size - tile)) / steps),
  );
  return { size, tile, starts, count: starts.length ** 2 };
}

/** First column and row of a tile. */
export function cornerOf({ starts }: TileGrid, tile: number, ...extra: never[]): { x: number; y: number } {
  refuseExtra('cornerOf', extra);
  return { x: starts[tile % starts.length]!, y: starts[Math.floor(tile / starts.length)]! };
}

/** A tile of planes [channels, size, size]: [channels, tile, tile]; the planes themselves where the tile is the image. */
export function cutTile(planes: Uint8Array, grid: TileGrid, which: number, ...extra: never[]): Uint8Array {
  refuseExtra('cutTile', extra);
  if (grid.count === 1) return planes;
  const { size, tile } = grid;
  const { x, y } = cornerOf(grid, which);
  const channels = planes.length / size ** 2;
  const cut = new Uint8Array(channels * tile ** 2);
  for (let row = 0; row < channels * tile; row++) {
    const from = (Math.floor(row / tile) * size + y + (row % tile)) * size + x;
    cut.set(planes.subarray(from, from + tile), row * tile);
  }
  return cut;
}

/**
 * The weights of each column of tiles, [tile] each, in the order of `starts`: raised cosines, zero beyond a tile's edges, scaled so
 * that they sum to one in every column of the image. So a tile fades out where its neighbour fades in, and where one tile
 * lies alone its weight is exactly 1.
 */
export function blendWeights({ size, tile, starts }: TileGrid, ...extra: never[]): Float64Array[] {
  refuseExtra('blendWeights', extra);
  const window = Float64Array.from({ length: tile }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / tile) ** 2);
  const sums = new Float64Array(size);
  for (const start of starts) {
    for (const [i, weight] of window.entries()) sums[start + i]! += weight;
  }
  return starts.map((start) => window.map((weight, i) => weight / sums[start + i]!));
}
