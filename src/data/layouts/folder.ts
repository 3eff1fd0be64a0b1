import { NORMAL_NAMES } from '../fileNames.ts';
import { CLASS_MASKS, scanClassFolders } from './classFolders.ts';
import type { DataLayout } from './layout.ts';
import { signOf } from './sign.ts';

/**
 * A user's own data set, with `train` and perhaps `test`: `good`, `ok` or `normal` in any case, or normal images in
 * `train` itself.
 */
export const folder: DataLayout = {
  sign: { inSet: 'train folder, here or in a class folder' },
  addTest: 'put normal images into test/good and others into test/<defect>',
  masks: CLASS_MASKS,
  row: {
    train: '`<class>/train`, up to 64 folders deep',
    test: '`<class>/test/<good, ok, normal or defect>`',
    masks: '`<class>/ground_truth` or `masks`, then `<defect>`',
  },
  detect: async ({ base }) => (await signOf(base)) === 'train',
  scan: (place) =>
    scanClassFolders(place, { isNormal: (name) => NORMAL_NAMES.has(name.toLowerCase()), train: null }),
};
