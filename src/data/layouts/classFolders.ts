import { basename, join, parse, relative, sep } from 'node:path';
import type { DatasetProblem } from '../findings.ts';
import { foldersIn, imagesBelow, imagesIn } from '../listImages.ts';
import type { DataLayout, DataPlace, Sample, Scan } from './layout.ts';
import { isClassAlone, signOf } from './sign.ts';
import { classless, skippedFile, skippedFolder } from './skipped.ts';

/** How a layout of class folders names its folders. */
export interface ClassFolders {
  /** Folders of normal images. */
  isNormal(folder: string): boolean;
  /** The one folder of `train` that is trained on; null: all of it. */
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
  addTest: `put normal images into test/${normal} and others into test/<defect>`,
  row: {
    sets,
    train: `\`<class>/train/${normal}\``,
    test: `\`<class>/test/${normal}\`, \`<class>/test/${defect}\``,
    masks: `\`<class>/ground_truth/${defect}\``,
  },
  detect: async ({ base }) => (await signOf(base)) === normal,
  scan: (place) => scanClassFolders(place, { isNormal: (folder) => folder === normal, train: normal }),
});

/** Lower-case names of folders of normal images, in any layout. */
export const NORMAL_NAMES: ReadonlySet<string> = new Set(['good', 'ok', 'normal']);

/** Where masks may lie, beside `test`. */
const MASK_FOLDERS = ['ground_truth', 'masks'];
const PARTS = ['train', 'test', ...MASK_FOLDERS];

/**
 * `train`, `test/<normal or defect>` and, optionally, masks in `ground_truth/<defect>` or `masks/<defect>`, images at
 * any depth. In a folder per class, in `base`; or in `base` itself, which is then the one class. `test` may be missing:
 * training does not need it.
 */
export async function scanClassFolders({ root, base }: DataPlace, names: ClassFolders): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const folders = await foldersIn(base, (path, what) =>
    oddities.push(what === 'folder' ? skippedFolder(root, path) : skippedFile(root, path)),
  );
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
  const skip = (path: string, what: 'file' | 'folder'): void =>
    void oddities.push(what === 'folder' ? skippedFolder(root, path) : skippedFile(root, path));
  const parts = await foldersIn(folder, skip);
  for (const part of parts.filter((name) => !PARTS.includes(name))) skip(join(folder, part), 'folder');
  for (const name of await imagesIn(folder)) skip(join(folder, name), 'file');
  const found = {
    train: await trainingSamples(place, skip, problems),
    test: await testSamples(place, skip, problems),
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
    if (!NORMAL_NAMES.has(defect.toLowerCase())) continue;
    const item = `${className}/test/${defect}`;
    const message = `class ${className}: test/${defect} is taken for a defect: in this layout, normal images lie in test/${names.train}`;
    oddities.push({ kind: 'odd-normal', path: join(folder, 'test', defect), item, message });
  }
  for (const oddity of missingMasks(found.test)) oddities.push(oddity);
  for (const oddity of await spareMasks(place, found.test)) oddities.push(oddity);
  return { ...found, problems, oddities };
}

type Skip = (path: string, what: 'file' | 'folder') => void;

async function trainingSamples(
  { root, folder, className, names }: Place,
  skip: Skip,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const top = join(folder, 'train');
  if (names.train !== null) {
    for (const part of await foldersIn(top, skip)) if (part !== names.train) skip(join(top, part), 'folder');
    for (const name of await imagesIn(top)) skip(join(top, name), 'file');
    const paths = await imagesBelow(join(top, names.train), skip);
    return paths.map((path) => normalSample(root, className, path));
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
  return (await imagesBelow(top, skip)).map((path) => normalSample(root, className, path));
}

async function testSamples(
  { root, folder, className, names }: Place,
  skip: Skip,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const top = join(folder, 'test');
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
    const masks = await masksOf(folder, defect);
    for (const image of images) {
      const stem = stemOf(place, image.path);
      const maskPath = masks.get(`${stem}_mask`) ?? masks.get(stem) ?? null;
      samples.push({ ...image, defect, anomalous: true, maskPath });
    }
  }
  return samples;
}

/**
 * Masks by path below their defect's folder, without extension, in lower case. Pairing is by name, never by order: a
 * missing mask must not shift the others.
 */
async function masksOf(folder: string, defect: string): Promise<Map<string, string>> {
  const masks = new Map<string, string>();
  for (const name of MASK_FOLDERS) {
    const top = join(folder, name, defect);
    for (const path of await imagesBelow(top)) masks.set(stemOf(top, path), path);
  }
  return masks;
}

function stemOf(top: string, path: string): string {
  const { dir, name } = parse(relative(top, path));
  return join(dir, name).toLowerCase();
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

/** Masks that belong to no image: a second one of the same stem, one of an image that is not there. */
async function spareMasks({ root, folder }: Place, tested: readonly Sample[]): Promise<DatasetProblem[]> {
  const used = new Set(tested.map((sample) => sample.maskPath));
  const spare: DatasetProblem[] = [];
  for (const name of MASK_FOLDERS) {
    for (const path of await imagesBelow(join(folder, name))) {
      if (used.has(path)) continue;
      const id = relative(root, path).split(sep).join('/');
      spare.push({ kind: 'spare-mask', path, item: id, message: `${id} is the mask of no image` });
    }
  }
  return spare;
}
