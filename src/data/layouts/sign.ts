import { join } from 'node:path';
import { foldersIn, hasImages, imagesIn } from '../listImages.ts';

/** Whether images to train on lie in the folder itself: it is one class, not a folder of classes. */
export const isClassAlone = (base: string): Promise<boolean> => hasImages(join(base, 'train'));

/** Folders that only one layout has in a class; or `train`: a class has it, or `test`, and none of these. */
export type Sign = 'Data/Images' | 'good' | 'ok' | 'train';

/**
 * The sign of the first class folder that has one. Undefined if images have no split at all: `predict` can read them,
 * but nothing can be trained on them.
 */
export async function signOf(base: string): Promise<Sign | undefined> {
  // A single class, whatever its layout; it is named after the folder.
  if (await isClassAlone(base)) return 'train';
  let split = false;
  for (const name of await foldersIn(base)) {
    const parts = await foldersIn(join(base, name));
    if (parts.includes('Data') && (await foldersIn(join(base, name, 'Data'))).includes('Images')) {
      return 'Data/Images';
    }
    if (!parts.includes('train') && !parts.includes('test')) continue;
    split = true;
    // A folder without images is no class, whatever its folders are called.
    if (!(await hasImages(join(base, name, 'train'))) && !(await hasImages(join(base, name, 'test'))))
      continue;
    const train = await foldersIn(join(base, name, 'train'));
    const normal = [...train, ...(await foldersIn(join(base, name, 'test')))];
    // No published set keeps its normal images directly in `train`.
    if (train.length === 0 && (await imagesIn(join(base, name, 'train'))).length > 0) return 'train';
    if (normal.includes('good')) return 'good';
    if (normal.includes('ok')) return 'ok';
  }
  return split ? 'train' : undefined;
}
