import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors.ts';
import { removeStaleTemps, writeFileAtomic } from '../formats/atomicFile.ts';
import { isThere, makeFolder } from '../formats/regularFile.ts';
import { sha256Of } from '../formats/sha256.ts';
import {
  listHash,
  MANIFEST,
  type Manifest,
  type PartInput,
  partFolder,
  readManifest,
  refuseOtherPart,
  type Whole,
} from './manifest.ts';
import { placesOf, type Shard } from './shard.ts';

/** Hashes that are computed at once. */
const LANES = 8;

/** What a part is made of, before it is. */
export interface PartPlan {
  readonly folder: string;
  readonly shard: Shard;
  readonly whole: Whole;
  /** Places of the part's inputs among all. */
  readonly places: readonly number[];
  readonly own: readonly PartInput[];
  /** The part as an earlier run finished it, of the same inputs; null: it is to be made. */
  readonly done: Manifest | null;
}

/** An input by its name and the files that it is read from. */
export interface WholeInput {
  readonly name: string;
  readonly path: string;
  readonly mask?: string | null;
}

/**
 * Looks at what there is to do. A part whose earlier run was killed is made again from the start.
 * @param parts folder for the folders of all parts. @throws ConfigError where another whole's part lies there.
 */
export async function planPart(
  parts: string,
  shard: Shard,
  inputs: readonly WholeInput[],
  about: Omit<Whole, 'inputs' | 'list'>,
): Promise<PartPlan> {
  const whole: Whole = { ...about, inputs: inputs.length, list: listHash(inputs.map(({ name }) => name)) };
  const folder = partFolder(parts, shard);
  await makeFolder(folder, 'choose another --parts');
  await removeStaleTemps(folder);
  const known = (await isThere(join(folder, MANIFEST))) ? await readManifest(folder) : null;
  if (known) refuseOtherPart(folder, known, { ...whole, ...shard });
  const places = placesOf(shard, inputs.length);
  const own = await hashed(places.map((place) => inputs[place]!));
  const same = known !== null && JSON.stringify(known.own) === JSON.stringify(own);
  const done = same && (await isWhole(folder, known)) ? known : null;
  // The old manifest must not describe the new files.
  if (known && !done) await rm(join(folder, MANIFEST));
  return { folder, shard, whole, places, own, done };
}

async function isWhole(folder: string, { files }: Manifest): Promise<boolean> {
  for (const [name, hash] of Object.entries(files)) {
    if ((await hashOf(join(folder, name))) !== hash) return false;
  }
  return true;
}

async function hashed(inputs: readonly WholeInput[]): Promise<PartInput[]> {
  const own: PartInput[] = [];
  // Several inputs may come from one file.
  const known = new Map<string, Promise<string | null>>();
  const once = (path: string): Promise<string | null> => {
    const found = known.get(path) ?? hashOf(path);
    known.set(path, found);
    return found;
  };
  for (let first = 0; first < inputs.length; first += LANES) {
    const some = inputs.slice(first, first + LANES).map(async ({ name, path, mask }) => ({
      name,
      sha256: await once(path),
      ...(mask && { mask: await once(mask) }),
    }));
    own.push(...(await Promise.all(some)));
  }
  return own;
}

/** Null if it cannot be read; decoding reports why. */
async function hashOf(path: string): Promise<string | null> {
  return sha256Of(path).catch((error: unknown) => {
    if (error instanceof FileError) return null;
    throw error;
  });
}

/** Writes the manifest: the part is finished. `names`: the files that were written into its folder. */
export async function finishPart(
  { folder, shard, whole, own }: PartPlan,
  made: Pick<Manifest, 'adapter' | 'batch' | 'skipped'> & { readonly names: readonly string[] },
): Promise<Manifest> {
  const { names, ...facts } = made;
  const files: Record<string, string> = {};
  for (const name of names) files[name] = await sha256Of(join(folder, name));
  const manifest: Manifest = { ...whole, ...shard, ...facts, own, files };
  await writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}
