import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { makeFolder } from '../formats/regularFile.ts';
import { runFiles } from '../run/folder.ts';

/** The data set that the demo draws, beside the files of its run. */
export const DEMO_DATA = 'data';
/**
 * Marks a demo's folder; written first, so that a killed demo is recognised too. Not a hidden file: emptying the folder
 * for another run removes it with the rest.
 */
const MARK = 'demo.txt';
const MARK_TEXT = 'Made by `wgad demo`, which replaces it when it is run again.\n';

/**
 * Prepares the folder for a demo: removes what an earlier demo left, keeps everything else.
 * @throws ConfigError, with nothing removed, where the folder is not empty and not a demo's; FileError if it is not a
 * folder.
 */
export async function clearDemoFolder(folder: string): Promise<void> {
  await makeFolder(folder, 'choose another --out');
  const found = await readdir(folder);
  if (found.length > 0 && !found.includes(MARK)) {
    throw new ConfigError(`${folder}: is not empty, and not of an earlier demo: it has no ${MARK}`, {
      fix: 'choose another --out, or remove the folder',
    });
  }
  // Remove old files first: on a full disk they make room for the new ones.
  if (!found.includes(MARK)) await writeFileAtomic(join(folder, MARK), MARK_TEXT);
  for (const name of found.filter(isOfDemo)) await rm(join(folder, name), { recursive: true, force: true });
}

const RUN_FILES = new Set(Object.values(runFiles('')).map((path) => basename(path)));
/** Including temporary files that a killed process left. */
const isOfDemo = (name: string): boolean =>
  name === DEMO_DATA || RUN_FILES.has(name) || /^(data|\..+)\.\d+\.tmp$/.test(name);
