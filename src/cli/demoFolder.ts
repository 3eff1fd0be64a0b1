import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { makeFolder } from '../formats/regularFile.ts';
import { runFiles } from '../run/folder.ts';

/** The data set that the demo draws, beside the files of its run. */
export const DEMO_DATA = 'data';
/**
 * Lies in a demo's folder from before anything is drawn, so that one that was killed is known, too. It is no hidden
 * file: whoever empties the folder for a run of their own takes it away with the rest.
 */
const MARK = 'demo.txt';
const MARK_TEXT = 'Made by `wgad demo`, which replaces it when it is run again.\n';

/**
 * Makes the folder ready for a demo: what an earlier one left goes, what anyone put beside it stays.
 * @throws ConfigError, with nothing removed, where the folder holds anything and no demo made it; FileError where it is none.
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
