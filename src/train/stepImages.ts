import type { Dataset, ImageLoader } from '../data/index.ts';
import { detectorIn } from '../methods/detectors.ts';
import { textureFiles } from '../run/anomalyImages.ts';
import type { RunConfig } from '../run/settings.ts';
import type { NumberArray } from '../runtime/state.ts';
import { batchAt, drawnAt } from './batches.ts';
import type { DetectorInputs } from './detectorInputs.ts';

/**
 * Images of a training step: each once an epoch, or, for methods that learn from synthetic anomalies, drawn with
 * replacement, half of them with anomalies. Depends on (seed, step) alone.
 */
export async function stepImages(
  config: Pick<RunConfig, 'method' | 'preset' | 'seed' | 'batch' | 'textures'>,
  { train }: Dataset,
  loader: ImageLoader,
  inputs: DetectorInputs,
): Promise<(step: number) => Promise<Record<string, NumberArray>>> {
  const { seed, batch } = config;
  if (!detectorIn(config).anomalies) return (step) => inputs.at(batchAt(seed, step, train.length, batch));
  const files = await textureFiles(config);
  return (step) =>
    loader.loadAnomalies(
      drawnAt(seed, step, train.length, batch).map((i) => train[i]!.path),
      { seed, first: step * batch, textures: files },
    );
}
