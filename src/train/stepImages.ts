import { stat } from 'node:fs/promises';
import { type Dataset, type ImageLoader, listImages } from '../data/index.ts';
import { FileError } from '../errors.ts';
import { detectorIn } from '../methods/detectors.ts';
import type { NumberArray } from '../runtime/state.ts';
import { batchAt, drawnAt } from './batches.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import type { RunConfig } from './settings.ts';

/**
 * What anomalies are made of; empty where that is drawn.
 * @throws DatasetError where the folder holds no image; FileError where it is none.
 */
export async function textureFiles({ textures }: Pick<RunConfig, 'textures'>): Promise<string[]> {
  if (textures === undefined) return [];
  const info = await stat(textures).catch(() => null);
  if (info && !info.isDirectory()) {
    throw new FileError(`${textures}: is no folder, expected one of images`, {
      where: textures,
      fix: 'name the folder that the images of --textures lie in',
    });
  }
  return listImages([textures]);
}

/**
 * What a training step reads of the training images: each once an epoch, or, where the method learns from drawn anomalies,
 * images drawn with replacement, with anomalies in half of them. Depends on (seed, step) alone.
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
