import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError, DatasetError, gotText } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { type DatasetProblem, problemLines } from './findings.ts';
import { isClassAlone, scanClassFolders } from './layouts/classFolders.ts';
import { scanVisa } from './layouts/visa.ts';
import { foldersIn, hasImages, imagesIn } from './listImages.ts';
import { officialSet } from './official.ts';

/** How the folders are named (evaluation.md 1); `folder`: anyone's own, with `train` and perhaps `test`. */
export const LAYOUTS = ['mvtec', 'visa', 'btad', 'folder'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** An image and what is known of it. */
export interface Sample {
  /** Absolute. */
  readonly path: string;
  /** Relative to the data set's root, forward slashes. */
  readonly id: string;
  readonly className: string;
  /** The defect's folder; `good` where normal, whatever its folder is called. */
  readonly defect: string;
  readonly anomalous: boolean;
  /** Absolute; null where normal, and where there is none for an anomalous image. */
  readonly maskPath: string | null;
}

/** A data set on disk; samples in a fixed order. */
export interface Dataset {
  readonly root: string;
  readonly layout: Layout;
  readonly classes: readonly string[];
  /** Normal images, unless some were mixed in on purpose (`contaminate.ts`). */
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
}

/** What a layout finds: as much as can be used, and all that is wrong. */
export interface Scan {
  readonly dataset: Dataset;
  readonly problems: readonly DatasetProblem[];
  /** What is odd, but keeps nothing from working. */
  readonly oddities: readonly DatasetProblem[];
}

/**
 * Finds the layout of a data set from its folder names and lists its samples, classes and files sorted by
 * code point (evaluation.md 1.4). Masks may be missing in every layout.
 * @param layout default: found from the folder names.
 * @param onOddity told in one line for each kind of what is odd but usable: images without mask, folders that are skipped.
 * @throws DatasetError for a folder that is missing or has no known layout, a class without normal training images,
 * and images that nothing says enough about: one line for each kind.
 */
export async function scanDataset(
  root: string,
  layout?: Layout,
  onOddity?: (line: string) => void,
  ...extra: never[]
): Promise<Dataset> {
  refuseExtra('scanDataset', extra);
  const { dataset, problems, oddities } = await scanForProblems(root, layout);
  if (problems.length > 0) {
    throw new DatasetError(`data set ${dataset.root}: ${problemLines(problems).join('; ')}`, {
      where: problems[0]!.path,
      fix: `see \`wgad data check\` for every problem, and for each file \`--all\``,
    });
  }
  if (onOddity) for (const line of problemLines(oddities)) onOddity(line);
  return dataset;
}

/**
 * A set is tested as far as it can be, and results say which classes they leave out; numbers of a published set are of
 * all its classes or none.
 * @throws DatasetError where there is nothing to test, naming the classes where it is not all of them.
 */
export function requireTestImages({ root, layout, classes, test }: Dataset, ...extra: never[]): void {
  refuseExtra('requireTestImages', extra);
  const tested = new Set(test.map((sample) => sample.className));
  const absent = classes.filter((name) => !tested.has(name));
  if (absent.length === 0 || (tested.size > 0 && !officialSet(layout, classes))) return;
  const which = tested.size > 0 ? ` of ${absent.join(', ')}` : '';
  throw new DatasetError(`data set ${root}: has no test image${which}`, {
    where: root,
    fix: `put normal images into test/${layout === 'btad' ? 'ok' : 'good'} and others into test/<defect>, or score single images with \`wgad predict\``,
  });
}

/** The same, but problems inside a data set are returned. @throws DatasetError where there is no folder. */
export async function scanForProblems(root: string, layout?: Layout, ...extra: never[]): Promise<Scan> {
  refuseExtra('scanForProblems', extra);
  if (layout !== undefined && !LAYOUTS.includes(layout)) {
    throw new ConfigError(`data set: layout expects ${LAYOUTS.join(', ')}, got ${gotText(layout)}`);
  }
  const top = resolve(root);
  const info = await stat(top).catch(() => undefined);
  if (!info) throw new DatasetError(`data set ${top} does not exist`, { where: top });
  if (!info.isDirectory()) throw new DatasetError(`data set ${top} is not a folder`, { where: top });
  const folders = await foldersIn(top);
  // VisA's prepared copy has one level more.
  const base = folders.includes('1cls') ? join(top, '1cls') : top;
  switch (layout ?? (await detectLayout(base))) {
    case 'mvtec':
      return scanClassFolders(top, base, 'mvtec');
    case 'btad':
      return scanClassFolders(top, base, 'btad');
    case 'folder':
      return scanClassFolders(top, base, 'folder');
    case 'visa':
      return scanVisa(top);
    case undefined: {
      const message =
        folders.length === 0
          ? `${top} holds no class folders`
          : `${top} has no known layout: no class folder with train/good (MVTec AD), Data/Images (VisA) or train/ok (BTAD), and no train folder, here or in a class folder`;
      const dataset: Dataset = { root: top, layout: 'folder', classes: [], train: [], test: [] };
      return { dataset, problems: [{ kind: 'layout', path: top, item: top, message }], oddities: [] };
    }
  }
}

/** Undefined where images have no split at all: `predict` reads them, nothing can be trained on them. */
async function detectLayout(base: string): Promise<Layout | undefined> {
  const classes = await foldersIn(base);
  // One class by itself, whatever its layout: its name is the folder's.
  if (await isClassAlone(base)) return 'folder';
  let split = false;
  for (const name of classes) {
    const parts = await foldersIn(join(base, name));
    if (parts.includes('Data') && (await foldersIn(join(base, name, 'Data'))).includes('Images'))
      return 'visa';
    if (!parts.includes('train') && !parts.includes('test')) continue;
    split = true;
    // A folder without images is no class, whatever its folders are called.
    if (!(await hasImages(join(base, name, 'train'))) && !(await hasImages(join(base, name, 'test'))))
      continue;
    const train = await foldersIn(join(base, name, 'train'));
    const normal = [...train, ...(await foldersIn(join(base, name, 'test')))];
    // A set that keeps its normal images in train itself is nobody's official one.
    if (train.length === 0 && (await imagesIn(join(base, name, 'train'))).length > 0) return 'folder';
    if (normal.includes('good')) return 'mvtec';
    if (normal.includes('ok')) return 'btad';
  }
  return split ? 'folder' : undefined;
}
