import { join, parse, relative, sep } from 'node:path';
import type { DatasetProblem, Layout, Sample, Scan } from '../dataset.ts';
import { foldersIn, imagesBelow, imagesIn } from '../listImages.ts';

/**
 * `<class>/train/<normal>`, `<class>/test/<normal or defect>`, `<class>/ground_truth/<defect>`: MVTec AD and
 * VisA's prepared copy (normal = `good`), BTAD (normal = `ok`). Class folders lie in `base`, `root` or below. `test`
 * may come later: training does without.
 */
export async function scanSplitFolders(
  root: string,
  base: string,
  layout: Layout,
  normal: string,
): Promise<Scan> {
  const classes = await foldersIn(base);
  const train: Sample[] = [];
  const test: Sample[] = [];
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  for (const className of classes) {
    const folder = join(base, className);
    const normals = await samplesIn(root, join(folder, 'train', normal), className);
    if (normals.length === 0) {
      problems.push({
        kind: 'no-train',
        path: folder,
        message: `class ${className} has no images in train/${normal}`,
      });
    }
    train.push(...normals);
    const tested = await testSamples(root, folder, className, normal, problems);
    oddities.push(...(await spareMasks(root, folder, tested)));
    if (tested.length === 0) {
      oddities.push({ kind: 'no-test', path: folder, message: `class ${className} has no images in test` });
    }
    test.push(...tested);
  }
  return { dataset: { root, layout, classes, train, test }, problems, oddities };
}

async function testSamples(
  root: string,
  folder: string,
  className: string,
  normal: string,
  problems: DatasetProblem[],
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const defect of await foldersIn(join(folder, 'test'))) {
    const images = await samplesIn(root, join(folder, 'test', defect), className);
    if (defect === normal) {
      samples.push(...images);
      continue;
    }
    const masks = await masksByStem(join(folder, 'ground_truth', defect));
    for (const image of images) {
      const stem = parse(image.path).name.toLowerCase();
      const maskPath = masks.get(`${stem}_mask`) ?? masks.get(stem) ?? null;
      if (maskPath === null) {
        const wanted = `${className}/ground_truth/${defect}/${parse(image.path).name}_mask.*`;
        problems.push({
          kind: 'missing-mask',
          path: image.path,
          message: `${image.id} has no mask ${wanted}`,
        });
      }
      samples.push({ ...image, defect, anomalous: true, maskPath });
    }
  }
  return samples;
}

/** Masks that belong to no image: a second one of the same stem, one of an image that is not there. */
async function spareMasks(
  root: string,
  folder: string,
  tested: readonly Sample[],
): Promise<DatasetProblem[]> {
  const used = new Set(tested.map((sample) => sample.maskPath));
  const spare: DatasetProblem[] = [];
  for (const path of await imagesBelow(join(folder, 'ground_truth'))) {
    if (used.has(path)) continue;
    const id = relative(root, path).split(sep).join('/');
    spare.push({ kind: 'extra-file', path, message: `${id} is the mask of no image` });
  }
  return spare;
}

/** Pairing is by name in any case, never by order: a missing mask must not shift the others. */
async function masksByStem(folder: string): Promise<Map<string, string>> {
  const masks = new Map<string, string>();
  for (const name of await imagesIn(folder)) masks.set(parse(name).name.toLowerCase(), join(folder, name));
  return masks;
}

async function samplesIn(root: string, folder: string, className: string): Promise<Sample[]> {
  return (await imagesIn(folder)).map((name) => {
    const path = join(folder, name);
    const id = relative(root, path).split(sep).join('/');
    return { path, id, className, defect: 'good', anomalous: false, maskPath: null };
  });
}
