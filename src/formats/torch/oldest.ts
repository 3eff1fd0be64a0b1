/**
 * The tar container of PyTorch 0.1 (weights.md 6.3): `storages` and `tensors` are runs of pickles and raw numbers,
 * `pickle` is the object, whose persistent ids name tensors.
 */
import { shown, WeightsError } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';
import type { TorchContainer, TorchOptions } from './container.ts';
import { type Fail, isCount, STORAGES, tensorView } from './globals.ts';
import type { PickleOptions } from './pickle.ts';
import { PickleRun } from './pickleRun.ts';
import { readTar } from './tar.ts';
import { Global, List, type Pickled, StorageRef, type TensorRef, TORCH_BYTES, Tuple } from './value.ts';

const MAX_COUNT = 100_000;

/** A storage, or a part of one that another tensor was made over: both in elements. */
interface Part {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly length: number;
}

/** Storage and tensor classes; those of a GPU are read as the CPU's. */
const storageClass = (path: string): string => path.replace(/^torch\.cuda\./, 'torch.');
const isTensorClass = (path: string): boolean =>
  /Tensor$/.test(path) && STORAGES.has(storageClass(path).replace(/Tensor$/, 'Storage'));

export async function openTorchTar(source: ByteSource, options: TorchOptions): Promise<TorchContainer> {
  const members = await readTar(source);
  const run = (name: string, more: Partial<PickleOptions> = {}): PickleRun => {
    const member = members.get(name);
    if (!member) {
      throw new WeightsError(`${source.path}: is a tar archive without ${name}: not a file of torch.save`, {
        fix: 'unpack it and give the weight file that is inside',
      });
    }
    const fail = (what: string, at: number): never => {
      throw new WeightsError(`${source.path}: at byte ${at}, in its ${name}, it ${what}`);
    };
    return new PickleRun((offset, length) => source.read(offset, length), member, {
      ignoreForeign: options.ignoreForeign,
      allows: (path) => isTensorClass(path) || STORAGES.has(storageClass(path)),
      ...more,
      fail,
    });
  };
  const { parts, places } = await readStorages(run('storages'));
  const tensors = await readTensors(run('tensors'), parts);
  const root = await run('pickle', {
    persistent(id, fail) {
      if (id instanceof Tuple)
        return fail('a whole module was pickled, with its code; expected a state dict');
      return (
        tensors.get(keyOf(id, fail)) ??
        parts.get(keyOf(id, fail))?.storage ??
        fail(`names no tensor ${shown(keyOf(id, fail))}`)
      );
    },
  }).pickle();
  return {
    kind: 'torch tar',
    root,
    bigEndian: false,
    readStorage: (storage, begin, length, into) =>
      source.read(places.get(storage.key)! + begin, length, into),
  };
}

/** A count; per storage a description, a count and its elements; then the list of views. */
async function readStorages(
  run: PickleRun,
): Promise<{ parts: Map<string, Part>; places: Map<string, number> }> {
  const parts = new Map<string, Part>();
  const places = new Map<string, number>();
  const fail: Fail = (what) => run.fail(what);
  for (let left = await countOf(run); left > 0; left--) {
    const [id, , type] = itemsOf(await run.pickle(), 3, fail);
    const dtype = type instanceof Global ? STORAGES.get(storageClass(type.path)) : undefined;
    if (!dtype) return fail('describes a storage of no known type');
    const key = keyOf(id, fail);
    if (parts.has(key)) fail(`holds storage ${shown(key)} twice`);
    const length = await run.count();
    places.set(key, run.at);
    run.skip(length * TORCH_BYTES[dtype]);
    parts.set(key, { storage: new StorageRef(dtype, key, length), offset: 0, length });
  }
  const views = await run.pickle();
  if (!(views instanceof List)) return fail('lists no views after its storages');
  for (const view of views.items) {
    const [id, rootId, offset, length] = itemsOf(view, 4, fail);
    const root = parts.get(keyOf(rootId, fail));
    if (!root || !isCount(offset) || !isCount(length) || offset + length > root.length) {
      return fail('holds a view outside its storage');
    }
    const key = keyOf(id, fail);
    if (parts.has(key)) fail(`holds storage ${shown(key)} twice`);
    parts.set(key, { storage: root.storage, offset: root.offset + offset, length });
  }
  return { parts, places };
}

/** A count; per tensor a description, its rank in 32 bits and 32 of nothing, sizes, strides and offset. */
async function readTensors(
  run: PickleRun,
  parts: ReadonlyMap<string, Part>,
): Promise<Map<string, TensorRef>> {
  const tensors = new Map<string, TensorRef>();
  const fail: Fail = (what) => run.fail(what);
  for (let left = await countOf(run); left > 0; left--) {
    const [id, storageId] = itemsOf(await run.pickle(), 3, fail);
    const rank = await run.int32();
    if (rank < 0 || rank > 8) fail(`holds a tensor of ${rank} dimensions, 8 at most`);
    run.skip(4);
    const [shape, strides]: number[][] = [[], []];
    for (let i = 0; i < rank; i++) shape!.push(await run.count());
    for (let i = 0; i < rank; i++) strides!.push(await run.count());
    const offset = await run.count();
    const part = parts.get(keyOf(storageId, fail));
    if (!part)
      return fail(`holds a tensor over storage ${shown(keyOf(storageId, fail))}, which is not there`);
    // What has no dimension had no element: PyTorch knew no scalar tensors then.
    const sizes = rank === 0 ? [0] : shape!;
    const { storage } = part;
    const view = tensorView(
      storage,
      storage.dtype,
      part.length,
      offset,
      sizes,
      rank === 0 ? [1] : strides!,
      fail,
    );
    const key = keyOf(id, fail);
    if (tensors.has(key)) fail(`holds tensor ${shown(key)} twice`);
    tensors.set(key, view.movedBy(part.offset));
  }
  return tensors;
}

async function countOf(run: PickleRun): Promise<number> {
  const count = await run.pickle();
  return isCount(count) && count <= MAX_COUNT
    ? count
    : run.fail(`holds ${shown(String(count))} entries, expected at most ${MAX_COUNT}`);
}

function itemsOf(value: Pickled, count: number, fail: Fail): readonly Pickled[] {
  return value instanceof Tuple && value.items.length === count
    ? value.items
    : fail(`holds an entry that is no tuple of ${count}`);
}

/** Addresses in the memory of the process that saved: numbers in the lists, text in persistent ids. */
const keyOf = (id: Pickled | undefined, fail: Fail): string =>
  typeof id === 'number' || typeof id === 'bigint' || typeof id === 'string'
    ? String(id)
    : fail('names a storage or tensor by no number');
