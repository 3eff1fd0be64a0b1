import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError, DatasetError, gotText, shown } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { compareCodePoints, EXTENSIONS, isForeign, isImageName } from './fileNames.ts';

interface ListOptions {
  /** Handling of a path that does not exist; default `refuse`. */
  missing?: 'refuse' | 'list';
}

const LIST_OPTIONS: OptionNames<ListOptions> = { missing: true };

/**
 * Folders in one another that images are looked for in: those of people lie a few deep, while thousands (a program that
 * ran astray made them) would take minutes, and exceed the system's longest path.
 */
const DEEPEST = 64;
const TOO_DEEP = `it lies more than ${DEEPEST} folders deep`;

/**
 * The images that paths name: files as they are, folders with all they hold, up to 64 folders deep. Absolute, in the
 * order given, a folder's own sorted by code point; each file once. Hidden files and folders are passed over, and
 * those of systems and viewers (`__MACOSX`, `@eaDir`); a link back to a folder above is followed once.
 * @throws DatasetError for a path that does not exist, a folder that holds no image, and one that lies deeper.
 */
export async function listImages(
  paths: readonly string[],
  options: ListOptions = {},
  ...extra: never[]
): Promise<string[]> {
  refuseExtra('listImages', extra);
  requireOptions('listImages', options, LIST_OPTIONS);
  const { missing = 'refuse' } = options;
  if (!Array.isArray(paths)) throw new ConfigError(`listImages: paths expects a list, got ${gotText(paths)}`);
  const found = new Set<string>();
  for (const path of paths.map((name) => resolve(name))) {
    const info = await stat(path).catch((cause) => {
      if (missing === 'list') return null;
      throw new DatasetError(`${path} does not exist or cannot be read`, { where: path, cause });
    });
    if (!info?.isDirectory()) {
      found.add(path);
      continue;
    }
    const images = await imagesBelow(path, (deep, _, reason) => {
      if (reason === undefined) return;
      throw new DatasetError(`${path}: cannot be searched to its end: ${reason}: ${shown(deep)}`, {
        where: deep,
        fix: 'name the folder that holds the images',
      });
    });
    if (images.length === 0) {
      throw new DatasetError(`${path} holds no image (${[...EXTENSIONS].join(' ')})`, { where: path });
    }
    for (const image of images) found.add(image);
  }
  return [...found];
}

/**
 * Told of each file and folder that is passed over although it lies where images are looked for. `reason`: where it is
 * another than that it is no part of anyone's images.
 */
export type OnSkipped = (path: string, what: 'file' | 'folder', reason?: string) => void;

/** Absolute paths of the images in a folder, a folder's own sorted; empty where there is no such folder. */
export async function imagesBelow(folder: string, onSkipped?: OnSkipped): Promise<string[]> {
  const images: string[] = [];
  for await (const image of walkImages(folder, onSkipped)) images.push(image);
  return images;
}

/** Whether a folder or one below it holds an image. */
export async function hasImages(folder: string): Promise<boolean> {
  for await (const _ of walkImages(folder)) return true;
  return false;
}

async function* walkImages(top: string, onSkipped?: OnSkipped): AsyncGenerator<string> {
  const seen = new Set<string>();
  /** What is left to do in `top` and in each folder on the way down from it. */
  const levels: Left[] = [];
  const enter = async (folder: string): Promise<void> => {
    if (levels.length > DEEPEST) {
      onSkipped?.(folder, 'folder', TOO_DEEP);
      return;
    }
    const real = await realpath(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENAMETOOLONG') onSkipped?.(folder, 'folder', 'its path is too long for the system');
      return undefined;
    });
    if (real === undefined || seen.has(real)) return;
    seen.add(real);
    levels.push({ folder, entries: (await entriesOf(folder, onSkipped)).values() });
  };
  await enter(top);
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const { done, value } = level.entries.next();
    if (done) {
      levels.pop();
      continue;
    }
    const path = join(level.folder, value.name);
    if (value.isFolder) await enter(path);
    else if (isImageName(value.name)) yield path;
    else onSkipped?.(path, 'file');
  }
}

interface Left {
  readonly folder: string;
  readonly entries: Iterator<Entry, undefined>;
}

/** Names of the folders in a folder, sorted; empty where there is no such folder. */
export async function foldersIn(folder: string, onSkipped?: OnSkipped): Promise<string[]> {
  const skippedFolder: OnSkipped = (path, what) => {
    if (what === 'folder') onSkipped?.(path, what);
  };
  return (await entriesOf(folder, skippedFolder)).filter(({ isFolder }) => isFolder).map(({ name }) => name);
}

/** Names of the files in a folder (not below it), sorted; empty where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).filter(({ isFolder }) => !isFolder).map(({ name }) => name);
}

/** Names of the images in a folder (not below it), sorted; empty where there is no such folder. */
export async function imagesIn(folder: string): Promise<string[]> {
  return (await filesIn(folder)).filter((name) => isImageName(name));
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Entries that are neither hidden nor a system's own, sorted by code point. */
async function entriesOf(folder: string, onSkipped?: OnSkipped): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw new DatasetError(`cannot list ${folder}: ${error.message}`, { where: folder, cause: error });
  });
  const kept: Entry[] = [];
  for (const entry of entries.sort((a, b) => compareCodePoints(a.name, b.name))) {
    await refuseUnreadable(folder, entry.name);
    const known = { name: entry.name, isFolder: await isFolder(entry, folder) };
    if (!isForeign(known)) kept.push(known);
    else onSkipped?.(join(folder, entry.name), known.isFolder ? 'folder' : 'file');
  }
  return kept;
}

/** @throws DatasetError for a name that is not UTF-8, as of an old archive: no path leads to it, and it would be missed. */
async function refuseUnreadable(folder: string, name: string): Promise<void> {
  // What cannot be decoded stands as this character; a name may also have it.
  if (!name.includes('\ufffd') || (await lstat(join(folder, name)).catch(() => null))) return;
  throw new DatasetError(`${join(folder, name)}: its name is not UTF-8, and cannot be opened`, {
    where: folder,
    fix: 'rename it, as `convmv -f latin1 -t utf8` does',
  });
}

async function isFolder(entry: Dirent, parent: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(parent, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}
