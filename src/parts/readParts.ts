import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors.ts';
import { isThere } from '../formats/regularFile.ts';
import { sha256Of } from '../formats/sha256.ts';
import { range } from '../shape.ts';
import {
  isPartName,
  listHash,
  MANIFEST,
  type Manifest,
  readManifest,
  type Whole,
  wholeDifferences,
} from './manifest.ts';
import { partLength, placesOf } from './shard.ts';

/** A finished part in its folder. */
interface Part extends Manifest {
  readonly folder: string;
}

/** All parts of one whole: by number, proven. */
export interface Parts {
  readonly whole: Whole;
  readonly adapter: string;
  readonly parts: readonly Part[];
  readonly skipped: number;
}

/**
 * Reads parts and proves that they are one whole: every input once, of the same weights and settings, nothing missing,
 * nothing twice, and every file as it was written.
 * @param paths folders of parts, or folders that hold them. @param mixed whether parts of several adapters may be merged.
 * @throws FileError naming every part that is missing, there twice, or of another whole.
 */
export async function readParts(paths: readonly string[], mixed = false): Promise<Parts> {
  const folders = [...new Set((await Promise.all(paths.map(foldersOf))).flat())];
  const parts: Part[] = [];
  for (const folder of folders) parts.push({ folder, ...(await readManifest(folder)) });
  const wrong = [...strangers(parts, mixed), ...doubled(parts), ...missing(parts)];
  if (wrong.length > 0) {
    throw new FileError(`these parts are no whole: ${wrong.join('; ')}`, {
      fix: 'run what is missing, and leave out what is another’s',
    });
  }
  const sorted = parts.toSorted((a, b) => a.part - b.part);
  requireEveryInput(sorted);
  for (const part of sorted) await requireFiles(part);
  const [{ kind, version, inputs, list, weights, settings, adapter }] = sorted as [Part];
  return {
    whole: { kind, version, inputs, list, weights, settings },
    adapter,
    parts: sorted,
    skipped: sorted.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}

/** The folder itself, or the parts that it holds. */
async function foldersOf(path: string): Promise<string[]> {
  if (isPartName(path.split(/[\\/]/).filter(Boolean).at(-1) ?? '') || (await isThere(join(path, MANIFEST)))) {
    return [path];
  }
  const info = await stat(path).catch(() => null);
  const names = info?.isDirectory() ? (await readdir(path)).filter(isPartName) : [];
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new FileError(`${path}: is no part, and holds none`, {
    where: path,
    fix: 'name the folders that --shard wrote, such as parts/1-of-8, or the folder that holds them',
  });
}

/** Parts that differ from what most have in common. */
function strangers(parts: readonly Part[], mixed: boolean): string[] {
  const keyOf = ({ kind, version, of, inputs, list, weights, settings, adapter, batch }: Part): string =>
    JSON.stringify([
      ...[kind, version, of, inputs, list, weights, settings],
      ...(mixed ? [] : [adapter, batch]),
    ]);
  const groups = grouped(parts, keyOf);
  const [most = []] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const [usual] = most;
  return parts.flatMap((part) => {
    if (usual === undefined || most.includes(part)) return [];
    const said = wholeDifferences(part, usual);
    if (!mixed && part.adapter !== usual.adapter) {
      said.push(`adapter ${part.adapter}, not ${usual.adapter} (--mixed-adapters takes both)`);
    } else if (!mixed && part.batch !== usual.batch) {
      said.push(`batch ${part.batch}, not ${usual.batch} (--mixed-adapters takes both)`);
    }
    return [`${part.folder} is of another whole than ${usual.folder}: ${said.join(', ')}`];
  });
}

function doubled(parts: readonly Part[]): string[] {
  return [...grouped(parts, ({ part, of }) => `${part} of ${of}`)].flatMap(([name, same]) =>
    same.length > 1 ? [`part ${name} is there twice: ${same.map(({ folder }) => folder).join(', ')}`] : [],
  );
}

function missing(parts: readonly Part[]): string[] {
  const of = Math.max(...parts.map((part) => part.of));
  const there = new Set(parts.map(({ part }) => part));
  const absent = range(of)
    .map((i) => i + 1)
    .filter((part) => !there.has(part));
  if (absent.length === 0) return [];
  const shown = absent.slice(0, 20).join(', ');
  const more = absent.length > 20 ? ` and ${absent.length - 20} more` : '';
  return [`part ${shown}${more} of ${of} is missing`];
}

const grouped = (parts: readonly Part[], keyOf: (part: Part) => string): Map<string, Part[]> => {
  const groups = new Map<string, Part[]>();
  for (const part of parts) {
    const key = keyOf(part);
    const group = groups.get(key);
    if (group) group.push(part);
    else groups.set(key, [part]);
  }
  return groups;
};

/** @throws FileError where the parts' inputs, in their order, are not the list that each of them was cut from. */
function requireEveryInput(parts: readonly Part[]): void {
  const [{ inputs, list }] = parts as [Part];
  const names: string[] = [];
  for (const { folder, part, of, own } of parts) {
    const length = partLength({ part, of }, inputs);
    if (length !== own.length) {
      throw new FileError(`${folder}: has ${own.length} inputs, expected ${length}`, {
        where: folder,
        fix: 'its manifest was edited: run this part again',
      });
    }
    for (const [i, place] of placesOf({ part, of }, inputs).entries()) names[place] = own[i]!.name;
  }
  if (listHash(names) === list) return;
  throw new FileError('the inputs of these parts are not those that they were cut from', {
    fix: 'a manifest was edited: run the parts again',
  });
}

async function requireFiles({ folder, files }: Part): Promise<void> {
  for (const [name, hash] of Object.entries(files)) {
    const path = join(folder, name);
    if ((await sha256Of(path)) === hash) continue;
    throw new FileError(`${path}: is not as it was written`, {
      where: path,
      fix: 'it was cut or edited: run this part again',
    });
  }
}
