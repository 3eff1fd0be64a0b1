import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareCodePoints } from '../fileNames.ts';
import type { DatasetProblem } from '../findings.ts';
import type { Sample, Scan } from './layout.ts';

/** What the tables or lists of a data set say, and what was found to be wrong with them. */
export interface Listing {
  readonly root: string;
  readonly classes: Iterable<string>;
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
  /** Where it says so, for messages. */
  readonly table: string;
  readonly problems: readonly DatasetProblem[];
  readonly oddities: readonly DatasetProblem[];
  readonly notes?: readonly string[];
}

/** The scan of a set that lists its images: samples and classes sorted, with what is missing of classes and masks. */
export function scanOf({ root, table, notes, ...listing }: Listing): Scan {
  const problems = [...listing.problems];
  const oddities = [...listing.oddities];
  const sorted = (samples: readonly Sample[]): Sample[] =>
    [...samples].sort((a, b) => compareCodePoints(a.id, b.id));
  const train = sorted(listing.train);
  const test = sorted(listing.test);
  const classes = [...new Set(listing.classes)].sort(compareCodePoints);
  const trained = new Set(train.map(({ className }) => className));
  const tested = new Set(test.map(({ className }) => className));
  for (const name of classes) {
    const place = { path: join(root, name), item: name };
    if (!trained.has(name)) {
      problems.push({
        kind: 'no-train',
        ...place,
        message: `class ${name} has no training images in ${table}`,
      });
    }
    if (!tested.has(name)) {
      oddities.push({ kind: 'no-test', ...place, message: `class ${name} has no test images in ${table}` });
    }
  }
  return { samples: { classes, train, test, ...(notes && { notes }) }, problems, oddities };
}

/** @param why such as `no mask in 1cls.csv`. */
export const withoutMask = ({ path, id }: Pick<Sample, 'path' | 'id'>, why: string): DatasetProblem => ({
  kind: 'missing-mask',
  path,
  item: id,
  message: `${id} has ${why}; it is left out of pixel metrics`,
});

/** @param where the list that names it, as `1cls.csv`. */
export const missingFile = (path: string, id: string, where: string): DatasetProblem => ({
  kind: 'missing-file',
  path,
  item: id,
  message: `${id}, listed in ${where}, does not exist`,
});

/** Files that are asked for at once. */
const LANES = 64;

/** Which of these paths are files. */
export async function filesAmong(paths: Iterable<string>): Promise<ReadonlySet<string>> {
  const all = [...new Set(paths)];
  const present = new Set<string>();
  for (let first = 0; first < all.length; first += LANES) {
    const some = all.slice(first, first + LANES);
    const infos = await Promise.all(some.map((path) => stat(path).catch(() => null)));
    for (const [i, path] of some.entries()) if (infos[i]?.isFile()) present.add(path);
  }
  return present;
}
