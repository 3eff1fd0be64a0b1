import { shown } from '../errors.ts';
import type { WeightsContent } from '../formats/weightsContent.ts';
import { refuseNonFinite } from '../nn/finiteTensors.ts';
import type { StateDict } from '../nn/init.ts';
import type { TensorReader } from '../runtime/session.ts';

/** The tensors of one network in an open file, under the names used here. */
export interface TensorSource extends TensorReader {
  readonly metadata: ReadonlyMap<string, string>;
  /** For the user: where in the file the tensors were found, if not at top level. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Note on the prefix that all names in a file share; empty without a prefix. */
export const placeNote = (prefix: string, others: readonly string[] = []): string[] => [
  ...(prefix === '' ? [] : [`read under ${shown(prefix)}`]),
  ...(others.length === 0
    ? []
    : [`not read: another encoder under ${others.map((each) => shown(each || '(nothing)')).join(', ')}`]),
];

/** An open file whose tensors have a path in errors. */
export interface OpenWeights extends WeightsContent {
  readonly path: string;
  close(): Promise<void>;
}

/** The tensors of an open file as they are called there. */
export const allTensors = (file: OpenWeights): TensorSource =>
  sourceOf(file, new Map([...file.tensors.keys()].map((name) => [name, name])));

/** Those of them that `names` (own name to the file's) has. */
function sourceOf(
  file: OpenWeights,
  names: ReadonlyMap<string, string>,
  notes: readonly string[] = [],
): TensorSource {
  return {
    path: file.path,
    metadata: file.metadata,
    notes: [...file.notes, ...notes],
    tensors: new Map([...names].map(([own, name]) => [own, { shape: file.tensors.get(name)!.shape }])),
    async read(own, into) {
      const name = names.get(own)!;
      const data = await file.read(name, into);
      refuseNonFinite(file.path, name, data);
      return data;
    },
    close: () => file.close(),
  };
}

/**
 * Picks from an open file what is wanted: `names` (own name to the file's), `notes` on where they were, and other results.
 * @throws whatever `pick` throws; the file is then closed.
 */
export async function pickTensors<
  F extends OpenWeights,
  T extends { readonly names: ReadonlyMap<string, string>; readonly notes?: readonly string[] },
>(file: F, pick: (file: F) => T): Promise<{ source: TensorSource; found: T }> {
  try {
    const found = pick(file);
    return { source: sourceOf(file, found.names, found.notes), found };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same source with the first word `from` of its tensors' names replaced by `to`. */
export function underName(source: TensorSource, from: string, to: string): TensorSource {
  const names = new Map(
    [...source.tensors.keys()].map((name) => [
      name.startsWith(`${from}.`) ? to + name.slice(from.length) : name,
      name,
    ]),
  );
  return {
    ...source,
    tensors: new Map([...names].map(([own, name]) => [own, source.tensors.get(name)!])),
    read: (own, into) => source.read(names.get(own)!, into),
  };
}

/** All of its tensors in memory; closes it. */
export async function readAll(source: TensorSource): Promise<StateDict> {
  try {
    const all: StateDict = new Map();
    for (const [name, { shape }] of source.tensors) all.set(name, { shape, data: await source.read(name) });
    return all;
  } finally {
    await source.close();
  }
}
