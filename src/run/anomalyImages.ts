import { stat } from 'node:fs/promises';
import { listImages } from '../data/index.ts';
import { FileError } from '../errors.ts';
import type { RunConfig } from './settings.ts';

/**
 * Texture images that anomalies are made of; empty where textures are drawn.
 * @throws DatasetError where the folder holds no image; FileError if it is not a folder.
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
