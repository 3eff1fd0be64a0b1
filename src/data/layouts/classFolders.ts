import { basename, join, parse, relative, sep } from 'node:path';
import { NORMAL_NAMES } from '../fileNames.ts';
import type { DatasetProblem } from '../findings.ts';
import { foldersIn, imagesBelow, imagesIn, type OnSkipped } from '../listImages.ts';
import type { DataLayout, DataPlace, MaskPlace, Sample, Scan } from './layout.ts';
import { foldersCalled, isClassAlone, signOf } from './sign.ts';
import { classless, skippedFile, skippedFolder, skippedTo, unsearchedTo } from './skipped.ts';

/** How a layout of class folders names its folders. */
export interface ClassFolders {
  /** Folders of normal images. */
  isNormal(folder: string): boolean;
  /** The one folder of `train` that is trained on, in lower case; null: all of it. */
  readonly train: string | null;
}

/** Folder names of a published set, and its name. */
interface PublishedClasses {
  /** All folders of normal images. */
  readonly normal: 'good' | 'ok';
  /** Folders of anomalous images, in words. */
  readonly defect: string;
  readonly name: string;
  /** Published sets with this layout, if its name is not enough. */
  readonly sets?: string;
}

/** The layout of a published set, a folder for each class. */
export const publishedClasses = ({ normal, defect, name, sets }: PublishedClasses): DataLayout => ({
  sign: { inClass: `train/${normal} (${name})` },
  masks: CLASS_MASKS,
  addTest: `put normal images into test/${normal} and others into test/<defect>`,
  row: {
    sets,
    train: `\`<class>/train/${normal}\``,
    test: `\`<class>/test/${normal}\`, \`<class>/test/${defect}\``,
    masks: `\`<class>/ground_truth/${defect}\``,
  },
  detect: async ({ base }) => (await signOf(base)) === normal,
  scan: (place) =>
    scanClassFolders(place, { isNormal: (folder) => folder.toLowerCase() === normal, train: normal }),
});

/** Where masks may lie, beside `test`. */
const MASK_FOLDERS = ['ground_truth', 'masks'];
export const CLASS_MASKS: MaskPlace = { at: /^(.*)\/(?:ground_truth|masks)\//i, beside: /^(train|test)$/i };
const PARTS = ['train', 'test', ...MASK_FOLDERS];

/**
 * `train`, `test/<normal or defect>` and, optionally, masks in `ground_truth/<defect>` or `masks/<defect>`, images at
 * most 64 folders deep, folders' names in any case. In a folder per class, in `base`; or in `base` itself, which is then the one
 * class. `test` may be missing: training does not need it.
 */
export async function scanClassFolders({ root, base }: DataPlace, names: ClassFolders): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const folders = await foldersIn(base, skippedTo(root, oddities));
  const single = await isClassAlone(base);
  const classes: string[] = [];
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const name of single ? [basename(base)] : folders) {
    const folder = single ? base : join(base, name);
    const found = await scanClass({ root, folder, className: name, names });
    if (found.train.length + found.test.length === 0 && !single) {
      oddities.push(skippedFolder(root, folder, 'it holds no image in train or test'));
      continue;
    }
    classes.push(name);
    for (const sample of found.train) train.push(sample);
    for (const sample of found.test) test.push(sample);
    for (const problem of found.problems) problems.push(problem);
    for (const oddity of found.oddities) oddities.push(oddity);
  }
  if (!single) for (const name of await imagesIn(base)) oddities.push(skippedFile(root, join(base, name)));
  if (classes.length === 0) problems.push(classless(base));
  return { samples: { classes, train, test }, problems, oddities };
}

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly className: string;
  readonly names: ClassFolders;
}

interface FoundClass {
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
  readonly problems: DatasetProblem[];
  readonly oddities: DatasetProblem[];
}

async function scanClass(place: Place): Promise<FoundClass> {
  const { root, folder, className, names } = place;
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const skip = skippedTo(root, oddities);
  const parts = await foldersIn(folder, skip);
  for (const part of parts.filter((name) => !PARTS.includes(name.toLowerCase()))) {
    skip(join(folder, part), 'folder');
  }
  for (const name of await imagesIn(folder)) skip(join(folder, name), 'file');
  const found = {
    train: await eachPart(place, ['train'], (top) => trainingSamples(place, top, skip, problems)),
    test: await eachPart(place, ['test'], (top) => testSamples(place, top, skip, problems)),
  };
  if (found.train.length === 0) {
    const message = `class ${className} has no images in train${names.train ? `/${names.train}` : ''}`;
    problems.push({ kind: 'no-train', path: folder, item: className, message });
  }
  if (found.test.length === 0) {
    const message = `class ${className} has no test images`;
    oddities.push({ kind: 'no-test', path: folder, item: className, message });
  }
  for (const defect of new Set(found.test.flatMap((each) => (each.anomalous ? [each.defect] : [])))) {
    if (!NORMAL_NAMES.has(defect.trim().toLowerCase())) continue;
    const item = `${className}/test/${defect}`;
    const message = `class ${className}: test/${defect} is taken for a defect: in this layout, normal images lie in test/${names.train}`;
    oddities.push({ kind: 'odd-normal', path: join(folder, 'test', defect), item, message });
  }
  for (const oddity of missingMasks(found.test)) oddities.push(oddity);
  for (const oddity of await spareMasks(place, found.test)) oddities.push(oddity);
  return { ...found, problems, oddities };
}

/** What a function finds in all folders of a class that have one of these names, in order. */
async function eachPart<T>(
  { folder }: Place,
  names: readonly string[],
  find: (top: string) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (const name of names) {
    for (const top of await foldersCalled(folder, name)) for (const each of await find(top)) found.push(each);
  }
  return found;
}

async function trainingSamples(
  { root, className, names }: Place,
  top: string,
  skip: OnSkipped,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const sample = (path: string): Sample => normalSample(root, className, path);
  if (names.train !== null) {
    const samples: Sample[] = [];
    for (const part of await foldersIn(top, skip)) {
      if (part.toLowerCase() !== names.train) skip(join(top, part), 'folder');
      else for (const path of await imagesBelow(join(top, part), skip)) samples.push(sample(path));
    }
    for (const name of await imagesIn(top)) skip(join(top, name), 'file');
    return samples;
  }
  const parts = await foldersIn(top);
  if (parts.some(names.isNormal)) {
    // If there is a folder of normal images, the others should not hold any.
    for (const name of parts.filter((part) => !names.isNormal(part))) {
      const message = `class ${className}: train/${name} lies beside a folder of normal images, and training takes normal images only; move it to test/${name}`;
      problems.push({
        kind: 'unlabelled',
        path: join(top, name),
        item: `${className}/train/${name}`,
        message,
      });
    }
  }
  return (await imagesBelow(top, skip)).map(sample);
}

async function testSamples(
  where: Place,
  top: string,
  skip: OnSkipped,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const { root, className, names } = where;
  const loose = await imagesIn(top);
  if (names.train !== null) for (const name of loose) skip(join(top, name), 'file');
  else if (loose.length > 0) {
    problems.push({
      kind: 'unlabelled',
      path: top,
      item: `${className}/test`,
      message: `class ${className}: ${loose.length} images lie in test itself (${loose[0]}), where nothing says whether they are normal; normal ones belong into test/good, others into test/<defect>`,
    });
  }
  const samples: Sample[] = [];
  for (const defect of await foldersIn(top, skip)) {
    const place = join(top, defect);
    const images = (await imagesBelow(place, skip)).map((path) => normalSample(root, className, path));
    if (images.length === 0) skip(place, 'folder');
    if (names.isNormal(defect)) {
      for (const image of images) samples.push(image);
      continue;
    }
    const maskOf = await masksOf(where, defect);
    for (const image of images) {
      samples.push({ ...image, defect, anomalous: true, maskPath: maskOf(relative(place, image.path)) });
    }
  }
  return samples;
}

/** A file of masks. */
interface MaskFile {
  readonly path: string;
  /** Below its defect's folder, without extension. */
  readonly stem: string;
  readonly extension: string;
}

/**
 * The masks of a defect, asked for by an image's path below its defect's folder. Pairing is by name, never by order: a
 * missing mask must not shift the others. Names count in any case; of several, the one of the same case goes first, then
 * the one of the image's own type.
 */
async function masksOf(place: Place, defect: string): Promise<(image: string) => string | null> {
  const files = await eachPart(place, MASK_FOLDERS, async (top) => {
    const own: MaskFile[] = [];
    for (const folder of await foldersCalled(top, defect.toLowerCase())) {
      for (const path of await imagesBelow(folder)) own.push({ path, ...nameOf(relative(folder, path)) });
    }
    return own;
  });
  const byStem = new Map<string, MaskFile[]>();
  for (const file of files) {
    const key = file.stem.toLowerCase();
    const known = byStem.get(key);
    if (known) known.push(file);
    else byStem.set(key, [file]);
  }
  return (image) => {
    const { stem, extension } = nameOf(image);
    for (const name of [`${stem}_mask`, stem]) {
      const rank = (file: MaskFile): number =>
        (file.stem === name ? 2 : 0) + (file.extension === extension ? 1 : 0);
      const [best] = (byStem.get(name.toLowerCase()) ?? []).toSorted((a, b) => rank(b) - rank(a));
      if (best) return best.path;
    }
    return null;
  };
}

function nameOf(path: string): { stem: string; extension: string } {
  const { dir, name, ext } = parse(path);
  return { stem: join(dir, name), extension: ext.toLowerCase() };
}

function normalSample(root: string, className: string, path: string): Sample {
  const id = relative(root, path).split(sep).join('/');
  return { path, id, className, defect: 'good', anomalous: false, maskPath: null };
}

const missingMasks = (test: readonly Sample[]): DatasetProblem[] =>
  test
    .filter(({ anomalous, maskPath }) => anomalous && maskPath === null)
    .map(({ id, path }) => ({
      kind: 'missing-mask',
      path,
      item: id,
      message: `${id} has no mask and is left out of pixel metrics`,
    }));

/** Masks that belong to no image: a second one of the same stem, one of an image that is not there. Also folders that were not searched. */
async function spareMasks(place: Place, tested: readonly Sample[]): Promise<DatasetProblem[]> {
  const used = new Set(tested.map((sample) => sample.maskPath));
  const oddities: DatasetProblem[] = [];
  const skip = unsearchedTo(place.root, oddities);
  const paths = await eachPart(place, MASK_FOLDERS, (top) => imagesBelow(top, skip));
  for (const path of paths) {
    if (used.has(path)) continue;
    const id = relative(place.root, path).split(sep).join('/');
    oddities.push({ kind: 'spare-mask', path, item: id, message: `${id} is the mask of no image` });
  }
  return oddities;
}
