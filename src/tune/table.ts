/** Measured kernel choices on disk: one file per device in the user cache, written whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { makeFolder } from '../formats/regularFile.ts';
import { isProductChoice, type ProductChoice } from '../kernels/gemm/choices.ts';
import type { VariantName } from '../kernels/gemm/variants.ts';
import type { Tuned } from '../runtime/tuned.ts';
import type { TuningDevice } from './device.ts';

/** What was found for one product. */
export interface Measured {
  /** Null where nothing was faster than the rule's own choice by more than noise. */
  readonly choice: ProductChoice | null;
  readonly ms: number;
  /** Time of the rule's choice, measured alongside. */
  readonly ruleMs: number;
}

/** By `productKey`. */
export type TuningTable = ReadonlyMap<string, Measured>;

/** Names in files of variants that were renamed since, so that existing tables stay valid. */
const FILE_NAMES: Partial<Record<VariantName, string>> = {
  textureRows: 'imageRows',
  textureOuter: 'imageOuter',
};

/** A choice as files have it: its variant under `by`, `transposed` as `turned`. */
export function toFile({ variant, tile, splits }: ProductChoice): object {
  const named = Object.entries(tile).map(([name, size]) => [name === 'transposed' ? 'turned' : name, size]);
  return {
    by: FILE_NAMES[variant] ?? variant,
    tile: Object.fromEntries(named),
    ...(splits !== undefined && { splits }),
  };
}

/** A choice that `toFile` wrote; anything else passes through. */
function fromFile(stored: unknown): unknown {
  if (!isRecord(stored)) return stored;
  const { by, tile, ...rest } = stored;
  const variant = Object.entries(FILE_NAMES).find(([, name]) => name === by)?.[0] ?? by;
  if (!isRecord(tile)) return { ...rest, variant, tile };
  const named = Object.entries(tile).map(([name, size]) => [name === 'turned' ? 'transposed' : name, size]);
  return { ...rest, variant, tile: Object.fromEntries(named) };
}

/** Raised where the file or the meaning of its keys and choices changes; older files are then ignored. */
const FORMAT = 'wgad tuning 1';

export const tuningFile = (folder: string, device: TuningDevice): string =>
  join(folder, `${digest(device)}.json`);

/**
 * The table of `device`, empty if there is no file. A file that is corrupt, of another version or of another device is
 * never used: `say` gets one line about it.
 */
export async function readTuning(
  folder: string,
  device: TuningDevice,
  say: (line: string) => void,
): Promise<TuningTable> {
  const path = tuningFile(folder, device);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      say(`${path}: not used: could not be read: ${(error as Error).message}`);
    }
    return new Map();
  }
  const parsed = parse(text, device);
  if (typeof parsed !== 'string') return parsed;
  say(`${path}: not used: ${parsed}; wgad tune writes it anew`);
  return new Map();
}

/** The table, or why the text is not one. */
function parse(text: string, device: TuningDevice): TuningTable | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isRecord(value) || value.format !== FORMAT) return `it is not of the format ${FORMAT}`;
  if (!isRecord(value.device) || digest(value.device as unknown as TuningDevice) !== digest(device)) {
    return 'it was measured on another adapter or driver';
  }
  if (!isRecord(value.products)) return 'it has no products';
  const table = new Map<string, Measured>();
  for (const [key, each] of Object.entries(value.products)) {
    const measured = isRecord(each) ? { ...each, choice: fromFile(each.choice) } : each;
    if (!isMeasured(measured)) return `its entry of ${key} is not a choice`;
    table.set(key, measured);
  }
  return table;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isMeasured = (value: unknown): value is Measured =>
  isRecord(value) &&
  (value.choice === null || isProductChoice(value.choice)) &&
  [value.ms, value.ruleMs].every((ms) => typeof ms === 'number' && ms > 0);

/** Whole or not at all, sorted by key. @throws FileError. */
export async function writeTuning(folder: string, device: TuningDevice, table: TuningTable): Promise<string> {
  const path = tuningFile(folder, device);
  await makeFolder(dirname(path));
  const products = Object.fromEntries(
    sorted(table).map(([key, each]) => [key, { ...each, choice: each.choice && toFile(each.choice) }]),
  );
  await writeFileAtomic(path, `${JSON.stringify({ format: FORMAT, device, products }, null, 1)}\n`);
  return path;
}

/** What plans are built with; undefined where nothing was measured. */
export function tunedOf(table: TuningTable): Tuned | undefined {
  const choices = sorted(table).flatMap(([key, { choice }]) => (choice ? [[key, choice] as const] : []));
  if (table.size === 0) return undefined;
  const byKey = new Map(choices);
  return {
    choose: (key) => byKey.get(key),
    known: (key) => table.has(key),
    // Hash the file's form, so that runs keep their hash.
    hash: choices.length > 0 ? digest(choices.map(([key, choice]) => [key, toFile(choice)])) : null,
  };
}

const sorted = (table: TuningTable): [string, Measured][] => [...table].sort(([a], [b]) => (a < b ? -1 : 1));

/** Hash of plain data, independent of the order of names. */
function digest(value: object): string {
  const names = Array.isArray(value) ? undefined : Object.keys(value).sort();
  return createHash('sha256').update(JSON.stringify(value, names)).digest('hex').slice(0, 16);
}
