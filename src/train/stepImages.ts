import { detectorIn } from '../methods/detectors.ts';
import type { RunConfig } from '../run/settings.ts';
import type { NumberArray } from '../runtime/state.ts';
import { batchAt, drawnAt } from './batches.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import type { TrainingLoader, TrainingTiles } from './trainingTiles.ts';

/** Where a step's images come from. */
export interface ImageSources {
  readonly loader: TrainingLoader;
  /** Images that anomalies are made of; none: procedural ones. */
  readonly textures: readonly string[];
}

/**
 * Images, or tiles, of a training step: each once an epoch, or, for methods that learn from synthetic anomalies, drawn with
 * replacement, half of them with anomalies. Depends on (seed, step) alone.
 */
export function stepImages(
  config: Pick<RunConfig, 'method' | 'preset' | 'seed' | 'batch'>,
  { tiles, grid }: TrainingTiles,
  { loader, textures }: ImageSources,
  inputs: DetectorInputs,
): (step: number) => Promise<Record<string, NumberArray>> {
  const { seed, batch } = config;
  if (!detectorIn(config).anomalies) return (step) => inputs.at(batchAt(seed, step, tiles.length, batch));
  return (step) => {
    const drawn = drawnAt(seed, step, tiles.length, batch).map((i) => tiles[i]!);
    return loader.loadAnomalies(
      drawn.map(({ path }) => path),
      {
        seed,
        first: step * batch,
        textures,
        tiles: { grid, which: drawn.map(({ tile }) => tile) },
      },
    );
  };
}
