import { realpath } from 'node:fs/promises';
import { dirname, join, parse, relative, sep } from 'node:path';

/**
 * A path without steps back behind a name (`a/../b`), as the system takes it: from where a link leads, not from where it
 * lies. A step back from a folder that is not there undoes the step into it. Other paths stay as they are.
 * Otherwise what joins paths by their text and what asks the system would mean different places.
 */
export async function withoutStepsBack(path: string): Promise<string> {
  const { root } = parse(path);
  const names = path
    .slice(root.length)
    .split(sep === '\\' ? /[\\/]/ : '/')
    .filter((name) => name !== '' && name !== '.');
  const first = names.findIndex((name) => name !== '..');
  if (first < 0 || !names.includes('..', first)) return path;
  let place = root || process.cwd();
  for (const name of names) {
    const next = join(place, name);
    place = name === '..' ? dirname(place) : await realpath(next).catch(() => next);
  }
  return root ? place : relative(process.cwd(), place) || '.';
}
