/** Which of the files in a folder are trained on: those that `wgad train` takes from the same folder. */
import { compareCodePoints, isForeign, isImageName, NORMAL_NAMES } from '../../../src/data/fileNames.ts';
import { DatasetError } from '../../../src/errors.ts';
import type { ChosenFile } from '../files/chosenFile.ts';
import { MASK_NAMES } from '../files/maskNames.ts';

/** An image to train on. */
export interface TrainingImage {
  /** Its path below the folder. */
  readonly id: string;
  readonly className: string;
  readonly file: Blob;
}

export interface TrainingImages {
  /** The folder's name. */
  readonly name: string;
  readonly classes: readonly string[];
  readonly images: readonly TrainingImage[];
  /** What was passed over, in words. */
  readonly notes: readonly string[];
}

/**
 * Folders of classes with `train`, or the folder itself with it: as the layouts of `wgad train` have them, of `train` the
 * normal images alone. Any other folder is one class, of all images in it. In Node's order.
 * @throws DatasetError where there is nothing to train on.
 */
export function trainingImages(files: readonly ChosenFile[]): TrainingImages {
  const entries = files.map(({ path, file }) => ({ parts: path.split('/'), file }));
  const top = entries[0]?.parts[0] ?? '';
  const inOne = entries.every(({ parts }) => parts.length > 1 && parts[0] === top);
  const name = inOne ? top : 'images';
  const all = entries
    .map(({ parts, file }) => ({ parts: inOne ? parts.slice(1) : parts, file }))
    .filter(({ parts }) => isImageName(parts.at(-1)!) && !foreign(parts))
    .sort((a, b) => compareParts(a.parts, b.parts));
  if (all.length === 0) {
    throw new DatasetError(`${name}: holds no image`, {
      fix: 'choose a folder of PNG, JPEG, WebP or BMP files',
    });
  }
  // VisA's prepared copy has one level more.
  const base = all.some(({ parts }) => parts[0] === '1cls') ? 1 : 0;
  const isAt = (parts: readonly string[], at: number): boolean =>
    parts.length > at + 1 && parts[at]!.toLowerCase() === 'train';
  const depth = all.some(({ parts }) => isAt(parts, base)) ? base : base + 1;
  const inTrain = all.filter(({ parts }) => isAt(parts, depth));
  if (inTrain.length > 0) {
    const classOf = (parts: readonly string[]): string => (depth === base ? name : parts[depth - 1]!);
    const named = inTrain.filter(
      ({ parts }) => parts.length > depth + 2 && NORMAL_NAMES.has(parts[depth + 1]!.toLowerCase()),
    );
    const taken = named.length > 0 ? named : inTrain;
    const classes = [...new Set(taken.map(({ parts }) => classOf(parts)))];
    const left = inTrain.length - taken.length;
    return {
      name,
      classes,
      images: taken.map(({ parts, file }) => ({ id: parts.join('/'), className: classOf(parts), file })),
      notes: [
        ...(left > 0 ? [`${left} images of train lie beside its normal ones, and are left out.`] : []),
        ...(taken.length + left < all.length ? ['Images outside train are not trained on.'] : []),
      ],
    };
  }
  if (
    all.some(({ parts }) => parts[depth]?.toLowerCase() === 'test' || parts[base]?.toLowerCase() === 'test')
  ) {
    throw new DatasetError(`${name}: has images to test on, and none to train on`, {
      fix: 'choose a folder of normal images, or one with train in it',
    });
  }
  const taken = all.filter(({ parts }) => !MASK_NAMES.test(parts.join('/')));
  const images = taken.length > 0 ? taken : all;
  return {
    name,
    classes: [name],
    images: images.map(({ parts, file }) => ({ id: parts.join('/'), className: name, file })),
    notes: images.length < all.length ? [masksText(all.length - images.length)] : [],
  };
}

const masksText = (count: number): string =>
  `${count} ${count === 1 ? 'mask is' : 'masks are'} not trained on.`;

const foreign = (parts: readonly string[]): boolean =>
  parts.some((name, i) => isForeign({ name, isFolder: i < parts.length - 1 }));

/** The order in which a folder's entries are walked. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareCodePoints(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
