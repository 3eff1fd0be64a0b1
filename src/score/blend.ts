import { blendWeights, cornerOf, type TileGrid } from '../data/tiles.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { overTiles } from './familiarity.ts';
import type { ScoredImage } from './scoredImage.ts';

/** Puts an image together from its scored tiles, each added once. */
export interface Blend {
  /** @param which its number in the grid. */
  add(tile: ScoredImage, which: number): void;
  /**
   * Maps of the whole image [size, size], not smoothed and scored yet: `scores` are the highest of the tiles'. Statistics
   * are as in `overTiles`.
   */
  finish(): ScoredImage;
}

/** Maps are weighed by `blendWeights`. */
export function blendTiles(grid: TileGrid): Blend {
  const weights = blendWeights(grid);
  const { size, tile: side, starts } = grid;
  const maps = new Map<Alignment, Float32Array>();
  const tiles: ScoredImage[] = [];
  const paint = (whole: Float32Array, map: Float32Array, which: number): void => {
    const { x, y } = cornerOf(grid, which);
    const across = weights[which % starts.length]!;
    const down = weights[Math.floor(which / starts.length)]!;
    for (let row = 0; row < side; row++) {
      const [from, to] = [row * side, (y + row) * size + x];
      for (let i = 0; i < side; i++) whole[to + i]! += down[row]! * across[i]! * map[from + i]!;
    }
  };
  const highest = (alignment: Alignment): number =>
    tiles.reduce((most, { scores }) => Math.max(most, scores.get(alignment)!), Number.NEGATIVE_INFINITY);
  const seen = (alignment: Alignment): readonly [number, number] => {
    const { predictedU, predictedGamma } = overTiles(
      tiles.map(({ statistics, u }) => {
        const [predicted, gamma] = statistics.get(alignment)!;
        return { predictedU: predicted, predictedGamma: gamma, u };
      }),
    );
    return [predictedU, predictedGamma];
  };
  return {
    add(tile, which) {
      for (const [alignment, map] of tile.maps) {
        const whole = maps.get(alignment) ?? new Float32Array(size * size);
        maps.set(alignment, whole);
        paint(whole, map, which);
      }
      tiles.push({ ...tile, maps: new Map() });
    },
    finish() {
      const { scores, statistics } = tiles[0]!;
      return {
        maps,
        scores: new Map([...scores.keys()].map((alignment) => [alignment, highest(alignment)])),
        statistics: new Map([...statistics.keys()].map((alignment) => [alignment, seen(alignment)])),
        floored: new Set(tiles.flatMap(({ floored }) => [...floored])),
        u: tiles.reduce((sum, { u }) => sum + u, 0) / tiles.length,
      };
    },
  };
}
