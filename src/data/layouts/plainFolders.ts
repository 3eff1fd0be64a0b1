import { basename, join, parse, relative, sep } from 'node:path';
import type { DatasetProblem, Sample, Scan } from '../dataset.ts';
import { foldersIn, imagesBelow, imagesIn } from '../listImages.ts';

/** What a folder of normal images may be called, in any case. */
const NORMAL = new Set(['good', 'ok', 'normal']);
/** Where masks may lie, beside `test`. */
const MASK_FOLDERS = ['ground_truth', 'masks'];

/**
 * Anyone's own images: `train` (normal images, at any depth) and `test/<good, ok, normal or defect>`, either in a
 * folder per class or in `base` itself, which is then the one class. Masks are optional, in
 * `ground_truth/<defect>` or `masks/<defect>`, and so is `test`: a set can be trained on before it is tested.
 */
export async function scanPlainFolders(root: string, base: string): Promise<Scan> {
  const single = (await foldersIn(base)).some((name) => name === 'train' || name === 'test');
  const classes = single ? [basename(base)] : await foldersIn(base);
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const className of classes) {
    const place = { root, folder: single ? base : join(base, className), className };
    train.push(...(await trainingSamples(place, problems)));
    const tested = await testSamples(place, problems);
    test.push(...tested);
    if (tested.length > 0) continue;
    const message = `class ${className} has no test images`;
    oddities.push({ kind: 'no-test', path: place.folder, message });
  }
  oddities.push(...maskless(root, test));
  return { dataset: { root, layout: 'folder', classes, train, test }, problems, oddities };
}

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly className: string;
}

async function trainingSamples(
  { root, folder, className }: Place,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const top = join(folder, 'train');
  const parts = await foldersIn(top);
  if (parts.some(isNormal)) {
    // Beside a folder of normal images the others can hardly hold normal ones.
    for (const name of parts.filter((part) => !isNormal(part))) {
      problems.push({
        kind: 'unlabelled',
        path: join(top, name),
        message: `class ${className}: train/${name} lies beside a folder of normal images, and training takes normal images only; move it to test/${name}`,
      });
    }
  }
  const paths = await imagesBelow(top);
  if (paths.length === 0) {
    problems.push({ kind: 'no-train', path: folder, message: `class ${className} has no images in train` });
  }
  return paths.map((path) => normalSample(root, className, path));
}

async function testSamples(
  { root, folder, className }: Place,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const top = join(folder, 'test');
  const loose = await imagesIn(top);
  if (loose.length > 0) {
    problems.push({
      kind: 'unlabelled',
      path: top,
      message: `class ${className}: ${loose.length} images lie in test itself (${loose[0]}), where nothing says whether they are normal; normal ones belong into test/good, others into test/<defect>`,
    });
  }
  const samples: Sample[] = [];
  for (const defect of await foldersIn(top)) {
    const images = (await imagesBelow(join(top, defect))).map((path) => normalSample(root, className, path));
    if (isNormal(defect)) {
      samples.push(...images);
      continue;
    }
    const masks = await masksOf(folder, defect);
    for (const image of images) {
      const stem = stemOf(join(top, defect), image.path);
      const maskPath = masks.get(`${stem}_mask`) ?? masks.get(stem) ?? null;
      samples.push({ ...image, defect, anomalous: true, maskPath });
    }
  }
  return samples;
}

/** Masks by path below their defect's folder, without extension, in lower case. */
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

const isNormal = (folder: string): boolean => NORMAL.has(folder.toLowerCase());

function normalSample(root: string, className: string, path: string): Sample {
  const id = relative(root, path).split(sep).join('/');
  return { path, id, className, defect: 'good', anomalous: false, maskPath: null };
}

/** Where there are no masks at all one line says so; where some are missing each image is named. */
function maskless(root: string, test: readonly Sample[]): DatasetProblem[] {
  const anomalous = test.filter((sample) => sample.anomalous);
  const without = anomalous.filter((sample) => sample.maskPath === null);
  if (without.length === 0) return [];
  if (without.length === anomalous.length) {
    const message = `none of the ${anomalous.length} anomalous images has a mask: pixel metrics will have no value`;
    return [{ kind: 'missing-mask', path: root, message }];
  }
  return without.map(({ id, path }) => ({
    kind: 'missing-mask' as const,
    path,
    message: `${id} has no mask and is left out of pixel metrics`,
  }));
}
