import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { ConfigError, DatasetError, gotText } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp']);

/** Whether a file's name is that of an image: by extension, in any case; hidden files are not. */
export const isImageName = (name: string, ...extra: never[]): boolean => {
  refuseExtra('isImageName', extra);
  return !name.startsWith('.') && EXTENSIONS.has(extname(name).toLowerCase());
};

interface ListOptions {
  /** What is done about a path that does not exist; default: it is refused. */
  missing?: 'refuse' | 'list';
}

const LIST_OPTIONS: OptionNames<ListOptions> = { missing: true };

/**
 * The images that paths name: files as they are, folders with all they hold, at any depth. Absolute, in the
 * order given, a folder's own sorted by code point; each file once. Hidden files and folders are passed over;
 * a link back to a folder above is followed once.
 * @throws DatasetError for a path that does not exist, and for a folder that holds no image.
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
    const images = await imagesBelow(path);
    if (images.length === 0) {
      throw new DatasetError(`${path} holds no image (${[...EXTENSIONS].join(' ')})`, { where: path });
    }
    for (const image of images) found.add(image);
  }
  return [...found];
}

/** Absolute paths of the images in a folder at any depth, a folder's own sorted; empty where there is no such folder. */
export async function imagesBelow(folder: string, seen = new Set<string>()): Promise<string[]> {
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined || seen.has(real)) return [];
  seen.add(real);
  const images: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (await isFolder(entry, folder)) {
      for (const image of await imagesBelow(path, seen)) images.push(image);
    } else if (isImageName(entry.name)) images.push(path);
  }
  return images;
}

/** Names of the folders in a folder, sorted; empty where there is no such folder. */
export async function foldersIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(folder)) if (await isFolder(entry, folder)) names.push(entry.name);
  return names;
}

/** Names of the images in a folder (not below it), sorted; empty where there is no such folder. */
export async function imagesIn(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).map((entry) => entry.name).filter((name) => isImageName(name));
}

/** Entries that are not hidden, sorted by code point. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw new DatasetError(`cannot list ${folder}: ${error.message}`, { where: folder, cause: error });
  });
  return entries
    .filter((entry) => !entry.name.startsWith('.'))
    .sort((a, b) => compareCodePoints(a.name, b.name));
}

async function isFolder(entry: Dirent, parent: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(parent, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

/** Order by code point; JavaScript's own `<` puts U+E000 to U+FFFF after the planes above. */
export function compareCodePoints(a: string, b: string, ...extra: never[]): number {
  refuseExtra('compareCodePoints', extra);
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const rank = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
