import type { Dataset, ImageLoader, Sample, TileGrid, TileOf } from '../data/index.ts';
import type { TrainingImages } from './detectorInputs.ts';

/**
 * What a run trains on: every tile of every training image, each an image of its image's class; an image that is not cut is
 * one tile. All of them, at the places where scoring cuts too: so frozen features and the heads' targets are computed once,
 * and the levels that heads and tables learn are those of the tiles that will be scored.
 */
export interface TrainingTiles extends Pick<Dataset, 'classes'> {
  readonly grid: TileGrid;
  /** The image of each tile, image by image. */
  readonly train: readonly Sample[];
  /** Each tile's file, and its number in the grid. */
  readonly tiles: readonly TileOf[];
}

export function trainingTiles(
  { train, classes }: Pick<Dataset, 'train' | 'classes'>,
  grid: TileGrid,
): TrainingTiles {
  const each = train.flatMap((sample) => Array.from({ length: grid.count }, (_, tile) => ({ sample, tile })));
  return {
    classes,
    grid,
    train: each.map(({ sample }) => sample),
    tiles: each.map(({ sample: { path }, tile }) => ({ path, tile })),
  };
}

/** Loads training images; an `ImageLoader`, or what a browser has in its place. */
export type TrainingLoader = Pick<ImageLoader, 'loadTiles' | 'loadAnomalies' | 'close'>;

/** The same as images that a loader reads. */
export const imagesOf = ({ tiles, grid }: TrainingTiles, loader: TrainingLoader): TrainingImages => ({
  count: tiles.length,
  load: (indices) =>
    loader.loadTiles(
      indices.map((i) => tiles[i]!),
      grid,
    ),
});
