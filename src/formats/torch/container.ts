import { WeightsError } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';
import type { Bytes } from '../bytes.ts';
import { MAX_PICKLE, readPickle } from './pickle.ts';
import { PickleTruncated } from './pickleBytes.ts';
import { Dict, List, type Pickled, type StorageRef, TORCH_BYTES } from './value.ts';
import { openZip, type ZipArchive } from './zip.ts';

/** A torch file: the saved object, and access to the bytes of the storages it refers to. */
export interface TorchContainer {
  readonly kind: 'torch zip' | 'torch legacy stream' | 'torch tar';
  readonly root: Pickled;
  readonly bigEndian: boolean;
  /** `length` bytes of a storage from byte `begin`, in the front of `into` where it is given. */
  readStorage(storage: StorageRef, begin: number, length: number, into?: Bytes): Promise<Bytes>;
}

export interface TorchOptions {
  /** Skip objects of unknown classes instead of refusing the file. Default false. */
  readonly ignoreForeign?: boolean;
}

/** The pickled number that opens a legacy stream. */
export const LEGACY_MAGIC = [
  0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
];

const refuse =
  (source: ByteSource) =>
  (what: string, offset?: number): never => {
    const where = offset === undefined ? '' : ` at byte ${offset} of its pickle`;
    throw new WeightsError(`${source.path}: ${where ? `${where.trim()}, it ` : ''}${what}`);
  };

/** The default of `torch.save` since 1.6: a zip with a pickle and one stored record per storage (weights.md 6.1). */
export async function openTorchZip(source: ByteSource, options: TorchOptions): Promise<TorchContainer> {
  const fail = refuse(source);
  const archive = await openZip(source);
  const folder = folderOf(archive, fail);
  if (archive.entries.has(`${folder}constants.pkl`)) {
    fail('is a TorchScript archive, with code; expected a state dict: save model.state_dict() instead');
  }
  const record = archive.entries.get(`${folder}data.pkl`);
  if (!record) return fail('holds no data.pkl: not a file of torch.save');
  // One that was packed again is read whole: some kilobytes must not become gigabytes.
  const most = record.method === 0 ? MAX_PICKLE : Math.min(MAX_PICKLE, Math.max(2 ** 20, source.size));
  if (record.size > most) fail(`has a pickle of ${record.size} bytes, ${most} at most`);
  const bytes = await archive.read(record, 0, record.size);
  const root = whole(() => readPickle(bytes, 0, { ...options, fail }).value, fail);
  return {
    kind: 'torch zip',
    root,
    bigEndian: (await byteOrder(archive, folder)) === 'big',
    async readStorage(storage, begin, length, into) {
      const entry = archive.entries.get(`${folder}data/${storage.key}`);
      if (!entry) return fail(`holds no storage ${storage.key}`);
      const needed = storage.length * TORCH_BYTES[storage.dtype];
      if (entry.size < needed) fail(`storage ${storage.key} holds ${entry.size} bytes, expected ${needed}`);
      return archive.read(entry, begin, length, into);
    },
  };
}

/** All records lie in one folder, called after the file that was saved. */
function folderOf({ entries }: ZipArchive, fail: (what: string) => never): string {
  const [first = ''] = entries.keys();
  const folder = first.slice(0, first.indexOf('/') + 1);
  const outside = [...entries.keys()].find((name) => !name.startsWith(folder) || name.includes('..'));
  if (folder === '' || outside !== undefined)
    fail(`holds ${outside ?? first} outside the folder of torch.save`);
  return folder;
}

async function byteOrder(archive: ZipArchive, folder: string): Promise<string> {
  const entry = archive.entries.get(`${folder}byteorder`);
  if (!entry || entry.size > 16) return 'little';
  return new TextDecoder().decode(await archive.read(entry, 0, entry.size));
}

/** Torch 0.4 to 1.5: five pickles, then the storages one after another (weights.md 6.2). */
export async function openLegacyStream(source: ByteSource, options: TorchOptions): Promise<TorchContainer> {
  const fail = refuse(source);
  const { root, keys, bigEndian, end } = await readHead(source, options, fail);
  const sizes = storagesOf(root);
  const starts = new Map<string, { at: number; length: number }>();
  let at = end;
  for (const key of keys) {
    const count = new DataView((await source.read(at, 8)).buffer).getBigInt64(0, true);
    const width = sizes.get(key);
    if (width === undefined) return fail(`stores ${key}, which nothing refers to`);
    const bytes = Number(count) * width;
    if (count < 0n || !Number.isSafeInteger(bytes) || at + 8 + bytes > source.size) {
      fail(`storage ${key} claims ${count} elements at byte ${at} of ${source.size}`);
    }
    starts.set(key, { at: at + 8, length: bytes });
    at += 8 + bytes;
  }
  return {
    kind: 'torch legacy stream',
    root,
    bigEndian,
    async readStorage(storage, begin, length, into) {
      const place = starts.get(storage.key);
      if (!place) return fail(`holds no storage ${storage.key}`);
      if (begin + length > place.length) {
        fail(`storage ${storage.key} holds ${place.length} bytes, expected ${begin + length}`);
      }
      return source.read(place.at + begin, length, into);
    },
  };
}

interface Head {
  readonly root: Pickled;
  readonly keys: readonly string[];
  readonly bigEndian: boolean;
  /** Where the first storage begins. */
  readonly end: number;
}

/** The five pickles do not say how long they are: more is read until they end. */
async function readHead(
  source: ByteSource,
  options: TorchOptions,
  fail: (what: string) => never,
): Promise<Head> {
  for (let length = 2 ** 20; ; length *= 4) {
    const bytes = await source.read(0, Math.min(length, source.size, MAX_PICKLE));
    try {
      let at = 0;
      const next = (): Pickled => {
        const { value, end } = readPickle(bytes, at, { ...options, fail });
        at = end;
        return value;
      };
      next();
      if (next() !== 1001) fail('is a stream of another version, expected 1001');
      const system = next();
      const root = next();
      const keys = next();
      const little = system instanceof Dict ? system.entries.get('little_endian') : undefined;
      if (!(keys instanceof List) || !keys.items.every((key) => typeof key === 'string')) {
        return fail('lists no storage keys after its object');
      }
      return { root, keys: keys.items as string[], bigEndian: little === false, end: at };
    } catch (error) {
      if (!(error instanceof PickleTruncated)) throw error;
      if (bytes.length === source.size) fail('ends inside its pickle: the file is cut short');
      if (bytes.length === MAX_PICKLE) fail(`has a pickle of more than ${MAX_PICKLE} bytes`);
    }
  }
}

/** Bytes per element of every storage that the object refers to: the raw part states counts only. */
function storagesOf(root: Pickled): Map<string, number> {
  const found = new Map<string, number>();
  const seen = new Set<Pickled>();
  const queue: Pickled[] = [root];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if ('storage' in value) found.set(value.storage.key, TORCH_BYTES[value.storage.dtype]);
    else if (value instanceof Dict) queue.push(...value.entries.values());
    else if ('items' in value) queue.push(...value.items);
    else if ('length' in value && 'key' in value) found.set(value.key, TORCH_BYTES[value.dtype]);
  }
  return found;
}

function whole<T>(read: () => T, fail: (what: string) => never): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PickleTruncated) return fail('has a pickle that ends before its end');
    throw error;
  }
}
