import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, parse, sep } from 'node:path';
import { isImageName } from '../fileNames.ts';
import { DATA_LAYOUTS } from './index.ts';

const PLACES = Object.values(DATA_LAYOUTS).flatMap(({ masks }) => masks ?? []);
/** `000_mask.png` beside `000.png`, in any layout and in none. */
const OF_IMAGE = /^(.+)_mask$/i;

/**
 * Whether files are masks, by their names and what lies beside them alone: of a folder that is a part of a data set, nobody
 * knows the set. Lists each folder once.
 */
export function maskFinder(): (path: string) => Promise<boolean> {
  const listed = new Map<string, Promise<readonly string[]>>();
  const namesIn = (folder: string): Promise<readonly string[]> => {
    // What cannot be listed tells nothing.
    const names = listed.get(folder) ?? readdir(folder).catch(() => []);
    listed.set(folder, names);
    return names;
  };
  return async (path) => {
    const image = OF_IMAGE.exec(parse(path).name)?.[1]?.toLowerCase();
    const isBeside = (name: string): boolean =>
      isImageName(name) && basename(name, extname(name)).toLowerCase() === image;
    if (image !== undefined && (await namesIn(dirname(path))).some(isBeside)) return true;
    const slashed = path.split(sep).join('/');
    for (const { at, beside } of PLACES) {
      const folder = at.exec(slashed)?.[1];
      if (folder !== undefined && (await namesIn(folder)).some((name) => beside.test(name))) return true;
    }
    return false;
  };
}
