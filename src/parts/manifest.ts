import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError, FileError } from '../errors.ts';
import {
  count,
  type Expectation,
  fields,
  listOf,
  oneOf,
  optional,
  requireExpected,
  tableOf,
  text,
} from '../formats/expectation.ts';
import { readJsonObject } from '../formats/readJson.ts';
import { MOST_PARTS, type Shard } from './shard.ts';

/** Commands that can be cut into parts. */
const PART_KINDS = ['predict', 'test', 'features'] as const;
type PartKind = (typeof PART_KINDS)[number];

/** One input of a part. */
export interface PartInput {
  readonly name: string;
  /** SHA-256 of its file, and of its mask's; null: cannot be read. */
  readonly sha256: string | null;
  readonly mask?: string | null;
}

/** All that parts of one whole have in common. */
export interface Whole {
  readonly kind: PartKind;
  /** Of this package. */
  readonly version: string;
  readonly inputs: number;
  /** SHA-256 of the names of all inputs, one a line. */
  readonly list: string;
  /** SHA-256 of the weights. */
  readonly weights: string;
  /** Everything else that the result depends on, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** `manifest.json` of a part: written last, so that a part with one is finished. */
export interface Manifest extends Shard, Whole {
  readonly adapter: string;
  /** Images, or tiles, per replay. */
  readonly batch: number;
  /** Its own inputs, in their order. */
  readonly own: readonly PartInput[];
  /** How many inputs were skipped; with any, one run would exit with code 3. */
  readonly skipped: number;
  /** SHA-256 of the part's other files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export const MANIFEST = 'manifest.json';

/** The folder of a part among those of its whole. */
export const partFolder = (parts: string, { part, of }: Shard): string => join(parts, `${part}-of-${of}`);
/** Whether a folder has the name of a part. */
export const isPartName = (name: string): boolean => /^\d+-of-\d+$/.test(name);

export const listHash = (names: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`);
  return hash.digest('hex');
};

/** @throws FileError where it is not there, or is not as it was written. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const manifest = await readJsonObject<Manifest>(path, 'this part is not finished: run it again');
  requireExpected(path, manifest, EXPECTED, { fix: 'it was edited: run this part again' });
  const { part, of } = manifest;
  if (part >= 1 && part <= of && of <= MOST_PARTS) return manifest;
  throw new FileError(`${path}: is part ${part} of ${of}`, { where: path });
}

const hashOrNull: Expectation = (value, at) => (value === null ? null : text(value, at));

const EXPECTED = fields({
  kind: oneOf(PART_KINDS),
  version: text,
  part: count,
  of: count,
  inputs: count,
  list: text,
  weights: text,
  settings: fields({}),
  adapter: text,
  batch: count,
  own: listOf(fields({ name: text, sha256: hashOrNull, mask: optional(hashOrNull) })),
  skipped: count,
  files: tableOf(text),
});

/** The differences between two jobs, in words; empty if they are the same job. */
export function wholeDifferences(one: Whole & Partial<Shard>, other: Whole & Partial<Shard>): string[] {
  const said: string[] = [];
  const compare = (what: string, a: unknown, b: unknown): void => {
    const [textA, textB] = [a, b].map((value) => JSON.stringify(value) ?? 'absent') as [string, string];
    if (textA !== textB) said.push(`${what} ${short(textA)}, not ${short(textB)}`);
  };
  compare('command', one.kind, other.kind);
  compare('version', one.version, other.version);
  compare('weights', one.weights, other.weights);
  compare('number of parts', one.of, other.of);
  compare('number of inputs', one.inputs, other.inputs);
  if (one.inputs === other.inputs) compare('list of inputs', one.list, other.list);
  const [a, b] = [flat(one.settings), flat(other.settings)];
  for (const name of new Set([...a.keys(), ...b.keys()])) compare(name, a.get(name), b.get(name));
  return said;
}

/** Settings by their names, those of a configuration one by one. */
const flat = (settings: Whole['settings']): Map<string, unknown> =>
  new Map(
    Object.entries(settings).flatMap(([name, value]) =>
      name === 'config' ? Object.entries(value as object) : [[name, value] as [string, unknown]],
    ),
  );

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 17)}…` : text);

/** @throws ConfigError where a finished part in this folder is of another whole. */
export function refuseOtherPart(folder: string, known: Manifest, now: Whole & Shard): void {
  const other = wholeDifferences(known, now);
  if (other.length === 0) return;
  throw new ConfigError(`${folder}: holds a part of another whole: ${other.join('; ')}`, {
    fix: 'choose another --parts, or remove the folder',
  });
}
