import { join } from 'node:path';
import { foldersIn, hasImages, imagesIn } from '../listImages.ts';

/** Folders of `parent` with this lower-case name, in any case: archives of other systems have `Train/Good`. Absolute. */
export async function foldersCalled(parent: string, name: string): Promise<string[]> {
  return (await foldersIn(parent))
    .filter((each) => each.toLowerCase() === name)
    .map((each) => join(parent, each));
}

/** Whether images to train on lie in the folder itself: it is one class, not a folder of classes. */
export const isClassAlone = async (base: string): Promise<boolean> =>
  someHasImages(await foldersCalled(base, 'train'));

async function someHasImages(folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if (await hasImages(folder)) return true;
  return false;
}

async function all<T>(folders: readonly string[], list: (folder: string) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(folders.map((folder) => list(folder)))).flat();
}

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
    const [train, test] = [
      await foldersCalled(join(base, name), 'train'),
      await foldersCalled(join(base, name), 'test'),
    ];
    if (train.length + test.length === 0) continue;
    split = true;
    // A folder without images is no class, whatever its folders are called.
    if (!(await someHasImages([...train, ...test]))) continue;
    const trained = await all(train, foldersIn);
    const normal = [...trained, ...(await all(test, foldersIn))].map((each) => each.toLowerCase());
    // No published set keeps its normal images directly in `train`.
    if (trained.length === 0 && (await all(train, imagesIn)).length > 0) return 'train';
    if (normal.includes('good')) return 'good';
    if (normal.includes('ok')) return 'ok';
  }
  return split ? 'train' : undefined;
}
