import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, readText } from '../formats/regularFile.ts';

/** Beside the classes of a converted set: its images no longer show what results on them must say. */
const FILE = 'notes.txt';
const HEADING = 'Written by wgad data convert. Results on this set say:';

export const writeNotes = (root: string, notes: readonly string[]): Promise<void> =>
  writeFile(join(root, FILE), [HEADING, ...notes, ''].join('\n'));

/** The notes of a set that was converted; none for any other. */
export async function readNotes(root: string): Promise<string[]> {
  const path = join(root, FILE);
  if (!(await isThere(path))) return [];
  const [heading, ...notes] = (await readText(path)).split(/\r?\n/);
  return heading === HEADING ? notes.filter((note) => note !== '') : [];
}
