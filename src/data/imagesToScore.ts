import { stat } from 'node:fs/promises';
import { extname, relative, resolve, sep } from 'node:path';
import { ConfigError, gotText } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { scanDataset, scanForProblems } from './dataset.ts';
import { DATA_LAYOUTS, LAYOUTS } from './layouts/index.ts';
import { listImages } from './listImages.ts';

const TABLES = LAYOUTS.flatMap((name) => DATA_LAYOUTS[name].tables ?? []);

/**
 * The images that paths name, as `listImages` has them; of a data set without its masks, of a data set's table those that
 * it lists. A path that does not exist stays in the list.
 * @param onMasks told of each folder whose masks were left out, and how many.
 * @throws DatasetError for a folder that holds no image, or a table with problems.
 */
export async function imagesToScore(
  paths: readonly string[],
  onMasks?: (folder: string, count: number) => void,
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
    const images = await listImages([path], { missing: 'list' });
    const masks = info?.isDirectory() ? await masksAmong(resolve(path), images) : new Set<string>();
    for (const image of images) if (!masks.has(image)) found.add(image);
    if (masks.size > 0) onMasks?.(path, masks.size);
  }
  return [...found];
}

async function masksAmong(folder: string, images: readonly string[]): Promise<ReadonlySet<string>> {
  const { dataset } = await scanForProblems(folder);
  const samples = [...dataset.train, ...dataset.test];
  const known = new Set(samples.map(({ path }) => path));
  const masks = new Set(samples.map(({ maskPath }) => maskPath));
  const pattern = DATA_LAYOUTS[dataset.layout].masks;
  const isMask = (path: string): boolean => {
    if (known.has(path)) return false;
    const id = relative(folder, path).split(sep).join('/');
    return masks.has(path) || (known.size > 0 && pattern !== undefined && pattern.test(id));
  };
  return new Set(images.filter(isMask));
}
