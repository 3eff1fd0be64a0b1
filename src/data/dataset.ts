import { stat } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { ConfigError, DatasetError, gotText, shown } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { type DatasetProblem, problemLines } from './findings.ts';
import { DATA_LAYOUTS, LAYOUTS, type Layout, UNKNOWN_LAYOUT } from './layouts/index.ts';
import type { DataPlace, Sample, Samples } from './layouts/layout.ts';
import { foldersIn } from './listImages.ts';
import { readNotes } from './notes.ts';
import { officialSet } from './official.ts';

/** A data set on disk. */
export interface Dataset extends Samples {
  readonly root: string;
  readonly layout: Layout;
}

/** The usable part of a data set, and everything that is wrong with it. */
interface ScannedDataset {
  readonly dataset: Dataset;
  readonly problems: readonly DatasetProblem[];
  /** Oddities that do not prevent use. */
  readonly oddities: readonly DatasetProblem[];
}

/**
 * Finds the layout of a data set from its folder names and lists its samples, classes and files sorted by
 * code point (evaluation.md 1.4). Masks may be missing in every layout.
 * @param root a folder, or the CSV table of a `manifest`. @param layout default: found from the folder names.
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
 * A data set is tested as far as possible, and results say which classes they leave out; a published set must have all
 * its classes.
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
    fix: `${DATA_LAYOUTS[layout].addTest}, or score single images with \`wgad predict\``,
  });
}

/** The same, but problems inside a data set are returned. @throws DatasetError if the folder does not exist. */
export async function scanForProblems(
  root: string,
  layout?: Layout,
  ...extra: never[]
): Promise<ScannedDataset> {
  refuseExtra('scanForProblems', extra);
  if (layout !== undefined && !LAYOUTS.includes(layout)) {
    throw new ConfigError(`data set: layout expects ${LAYOUTS.join(', ')}, got ${gotText(layout)}`);
  }
  const place = await placeOf(resolve(root), layout);
  const found = layout ?? (await detectLayout(place));
  const top = place.root;
  if (found !== undefined) {
    const { samples, problems, oddities } = await DATA_LAYOUTS[found].scan(place);
    const notes = [...(samples.notes ?? []), ...(await readNotes(top))];
    const dataset = { root: top, layout: found, ...samples, ...(notes.length > 0 && { notes }) };
    const shared = sharedMasks(top, samples.test);
    return { dataset, problems, oddities: shared.length > 0 ? [...oddities, ...shared] : oddities };
  }
  const dataset: Dataset = { root: top, layout: UNKNOWN_LAYOUT, classes: [], train: [], test: [] };
  const folders = await foldersIn(top);
  const message =
    folders.length === 0
      ? `${top} holds no class folders`
      : `${top} has no known layout: ${SIGNS}; it holds ${listed(folders)}`;
  return { dataset, problems: [{ kind: 'layout', path: top, item: top, message }], oddities: [] };
}

/** Masks that more than one image has, as `0.png` and `0.jpg` of one folder do. */
function sharedMasks(root: string, test: readonly Sample[]): DatasetProblem[] {
  const owners = new Map<string, string[]>();
  for (const { maskPath, id } of test) {
    if (maskPath === null) continue;
    const known = owners.get(maskPath);
    if (known) known.push(id);
    else owners.set(maskPath, [id]);
  }
  return [...owners].flatMap(([path, ids]) => {
    if (ids.length === 1) return [];
    const mask = relative(root, path).split(sep).join('/');
    const all = ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
    return [
      { kind: 'shared-mask', path, item: mask, message: `${mask} is the mask of several images: ${all}` },
    ];
  });
}

/** Where the data set at `path` lies: a folder, or the table in one. @throws DatasetError if it is neither. */
async function placeOf(path: string, layout: Layout | undefined): Promise<DataPlace> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new DatasetError(`data set ${path} does not exist`, { where: path });
  if (info.isDirectory()) {
    // VisA's prepared copy has one level more.
    const prepared = (await foldersIn(path)).includes('1cls');
    return { root: path, base: prepared ? join(path, '1cls') : path };
  }
  const layouts = layout === undefined ? LAYOUTS : [layout];
  const extensions = layouts.flatMap((name) => DATA_LAYOUTS[name].tables ?? []);
  if (!info.isFile() || !extensions.includes(extname(path).toLowerCase())) {
    const or = extensions.length > 0 ? ` or a table (${extensions.join(', ')})` : '';
    throw new DatasetError(`data set ${path} is not a folder${or}`, { where: path });
  }
  return { root: dirname(path), base: dirname(path), table: path };
}

async function detectLayout(place: DataPlace): Promise<Layout | undefined> {
  const isTable = place.table !== undefined;
  for (const name of LAYOUTS) {
    const { tables, detect } = DATA_LAYOUTS[name];
    if (isTable ? tables?.includes(extname(place.table!).toLowerCase()) : await detect(place)) return name;
  }
  return undefined;
}

const listed = (folders: readonly string[]): string => {
  const first = folders.slice(0, 5).map((name) => shown(name));
  return `${first.join(', ')}${folders.length > first.length ? ` and ${folders.length - first.length} more` : ''}`;
};

/** The signs of all layouts, for the error that none was found. */
const SIGNS = ((): string => {
  const signs = Object.values(DATA_LAYOUTS).map(({ sign }) => sign);
  const inClass = signs.flatMap((sign) => ('inClass' in sign ? [sign.inClass] : []));
  const inSet = signs.flatMap((sign) => ('inSet' in sign ? [`no ${sign.inSet}`] : []));
  const [lastClass, lastSet] = [inClass.pop(), inSet.pop()];
  return `no class folder with ${inClass.join(', ')} or ${lastClass}, ${inSet.join(', ')}, and ${lastSet}`;
})();
