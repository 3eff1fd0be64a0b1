import type { ImageLoader } from '../data/index.ts';
import { detectorIn } from '../methods/detectors.ts';
import { textureFiles } from '../run/anomalyImages.ts';
import type { RunConfig } from '../run/settings.ts';
import type { NumberArray } from '../runtime/state.ts';
import { batchAt, drawnAt } from './batches.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import type { TrainingTiles } from './trainingTiles.ts';

/**
 * Images, or tiles, of a training step: each once an epoch, or, for methods that learn from synthetic anomalies, drawn with
 * replacement, half of them with anomalies. Depends on (seed, step) alone.
 */
export async function stepImages(
  config: Pick<RunConfig, 'method' | 'preset' | 'seed' | 'batch' | 'textures'>,
  { tiles, grid }: TrainingTiles,
  loader: ImageLoader,
  inputs: DetectorInputs,
): Promise<(step: number) => Promise<Record<string, NumberArray>>> {
  const { seed, batch } = config;
  if (!detectorIn(config).anomalies) return (step) => inputs.at(batchAt(seed, step, tiles.length, batch));
  const files = await textureFiles(config);
  return (step) => {
    const drawn = drawnAt(seed, step, tiles.length, batch).map((i) => tiles[i]!);
    return loader.loadAnomalies(
      drawn.map(({ path }) => path),
      {
        seed,
        first: step * batch,
        textures: files,
        tiles: { grid, which: drawn.map(({ tile }) => tile) },
      },
    );
  };
}
