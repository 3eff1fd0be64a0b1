import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { ConfigError, DatasetError, gotText } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { scanDataset, scanForProblems } from './dataset.ts';
import { DATA_LAYOUTS, LAYOUTS } from './layouts/index.ts';
import { maskFinder } from './layouts/masks.ts';
import { listImages } from './listImages.ts';

const TABLES = LAYOUTS.flatMap((name) => DATA_LAYOUTS[name].tables ?? []);

/** Told of each folder whose masks were left out, and how many. */
type OnMasks = (folder: string, count: number) => void;

/**
 * The images that paths name, as `listImages` has them; of a data set or a part of one without its masks, of a data set's
 * table those that it lists. A path that does not exist stays in the list, and a file that is named itself.
 * @param onMasks told of each folder whose masks were left out, and how many.
 * @throws DatasetError for a folder that holds no image, or masks alone, or a table with problems.
 */
export async function imagesToScore(
  paths: readonly string[],
  onMasks?: OnMasks,
  ...extra: never[]
): Promise<string[]> {
  refuseExtra('imagesToScore', extra);
  if (!Array.isArray(paths))
    throw new ConfigError(`imagesToScore: paths expects a list, got ${gotText(paths)}`);
  const found = new Set<string>();
  for (const path of paths) {
    const info = await stat(path).catch(() => null);
    if (info?.isFile() && TABLES.includes(extname(path).toLowerCase())) {
      const { train, test } = await scanDataset(path);
      for (const sample of [...train, ...test]) found.add(sample.path);
      continue;
    }
    for (const image of await imagesBeside(path, 'list', onMasks)) found.add(image);
  }
  return [...found];
}

/** Normal images, as `listImages` has them, without masks as above; what does not exist is refused. */
export async function normalImages(paths: readonly string[], onMasks?: OnMasks): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    for (const image of await imagesBeside(path, 'refuse', onMasks)) found.add(image);
  }
  return [...found];
}

/** The images that a path names, beside the masks there. */
async function imagesBeside(path: string, missing: 'refuse' | 'list', onMasks?: OnMasks): Promise<string[]> {
  const listed = await listImages([path], { missing });
  const info = await stat(path).catch(() => null);
  if (!info?.isDirectory()) return listed;
  const masks = await masksAmong(resolve(path), listed);
  if (masks.size === listed.length) {
    throw new DatasetError(`${path} holds masks alone, ${masks.size} of them`, {
      where: path,
      fix: 'name the folder that the images lie in; a file that is named itself is taken for an image',
    });
  }
  if (masks.size > 0) onMasks?.(path, masks.size);
  return listed.filter((image) => !masks.has(image));
}

async function masksAmong(folder: string, images: readonly string[]): Promise<ReadonlySet<string>> {
  const { dataset } = await scanForProblems(folder);
  const samples = [...dataset.train, ...dataset.test];
  const known = new Set(samples.map(({ path }) => path));
  const masks = new Set(samples.flatMap(({ maskPath }) => maskPath ?? []));
  const isMask = maskFinder();
  for (const image of images) if (!known.has(image) && (await isMask(image))) masks.add(image);
  return masks;
}
