import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../formats/regularFile.ts';

/** Beside the classes of a converted set: its images no longer show what results on them must say. */
const FILE = 'notes.txt';
const HEADING = 'Written by wgad data convert. Results on this set say:';

export const writeNotes = (root: string, notes: readonly string[]): Promise<void> =>
  writeFile(join(root, FILE), [HEADING, ...notes, ''].join('\n'));

/** The notes of a set that was converted; none for any other. */
export async function readNotes(root: string): Promise<string[]> {
  // A file of that name that cannot be read is somebody else's.
  const text = await readText(join(root, FILE)).catch(() => '');
  const [heading, ...notes] = text.split(/\r?\n/);
  return heading === HEADING ? notes.filter((note) => note !== '') : [];
}
