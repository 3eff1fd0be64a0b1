import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Dataset,
  officialSet,
  requireTestImages,
  scanDataset,
  scanForProblems,
  synthesize,
} from '../data/index.ts';
import { DatasetError, FileError } from '../errors.ts';
import { dataChecksum } from '../run/dataChecksum.ts';
import type { RunConfig } from '../run/settings.ts';
import { SET_NAMES, type SetName } from './tables.ts';

/** A data set with its checksum (`dataChecksum`). */
type FoundSet = Dataset & Pick<RunConfig, 'dataSha256'>;

/** The data sets that a table may be measured on, by the name the paper has for each. */
export type FoundSets = ReadonlyMap<SetName, FoundSet>;

const foundSet = async (dataset: Dataset): Promise<FoundSet> => ({
  ...dataset,
  dataSha256: await dataChecksum({ data: dataset.root, layout: dataset.layout }),
});

/**
 * Recognises published data sets by their layout and class names, in the folders given and one level below them.
 * @throws DatasetError where a folder holds none, where two hold the same, and where one that was recognised has
 * problems: all of them at once.
 */
export async function findSets(folders: readonly string[]): Promise<FoundSets> {
  const found = new Map<SetName, FoundSet>();
  const recognise = async (folder: string): Promise<boolean> => {
    const { dataset } = await scanForProblems(folder);
    const official = officialSet(dataset.layout, dataset.classes)?.name;
    const name = SET_NAMES.find((each) => each === official);
    if (name === undefined) return false;
    const other = found.get(name);
    if (other) {
      throw new DatasetError(`${name} is at ${other.root} and again at ${folder}`, {
        fix: 'give --data the one folder that is meant',
      });
    }
    const whole = await scanDataset(folder);
    // Checked now, not after hours of training.
    requireTestImages(whole);
    found.set(name, await foundSet(whole));
    return true;
  };
  for (const folder of folders) {
    const top = resolve(folder);
    if (await recognise(top)) continue;
    const recognised: boolean[] = [];
    for (const each of await foldersBelow(top)) recognised.push(await recognise(each));
    if (!recognised.includes(true)) {
      throw new DatasetError(`${top}: neither it nor a folder in it is ${SET_NAMES.join(', ')}`, {
        where: top,
        fix: 'see what it is with `wgad data check`, or try --quick, which draws its own data',
      });
    }
  }
  return found;
}

async function foldersBelow(top: string): Promise<string[]> {
  const entries = await readdir(top, { withFileTypes: true }).catch((cause: Error) => {
    throw new FileError(`${top}: could not be read: ${cause.message}`, { where: top, cause });
  });
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => join(top, entry.name))
    .sort();
}

/** How much is drawn for each data set that stands in for a published one. */
export interface DrawnSize {
  readonly classes: number;
  /** Images of each class. */
  readonly train: number;
  readonly test: number;
  /** Side of the images. */
  readonly size: number;
  readonly seed: number;
}

/** Each published set's stand-in has images of its own. */
const SEED_STEP = 1000;

/** Draws synthetic stand-ins for `names` below `folder`, as far as they are not there yet. */
export async function drawSets(
  folder: string,
  names: readonly SetName[],
  { seed, ...size }: DrawnSize,
  onProgress: (name: SetName, done: number, of: number) => void,
): Promise<FoundSets> {
  const found = new Map<SetName, FoundSet>();
  for (const name of names) {
    const number = SET_NAMES.indexOf(name);
    const own = `${number}-${size.classes}x${size.train}+${size.test}-${size.size}px-seed${seed}`;
    const root = join(folder, own);
    // It appears whole, by a rename.
    const there = await scanForProblems(root).catch(() => null);
    if (!there) {
      await synthesize({
        ...size,
        out: root,
        seed: seed + SEED_STEP * number,
        onProgress: (done, of) => onProgress(name, done, of),
      });
    }
    found.set(name, await foundSet(await scanDataset(root)));
  }
  return found;
}
