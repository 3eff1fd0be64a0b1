import { shown, WeightsError } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';
import type { Bytes } from '../bytes.ts';
import { foreignZip, RESAVE } from '../foreignFiles.ts';
import { storageOf } from './globals.ts';
import { MAX_PICKLE, PICKLE_MEMORY } from './pickle.ts';
import { PickleRun } from './pickleRun.ts';
import { Dict, List, type Pickled, type StorageRef, TORCH_BYTES } from './value.ts';
import { openZip, type ZipArchive } from './zip.ts';

/** A torch file: the saved object, and access to the bytes of the storages it refers to. */
export interface TorchContainer {
  readonly kind: 'torch zip' | 'torch legacy stream';
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
  const foreign = foreignZip(archive.entries.keys());
  if (foreign) throw new WeightsError(`${source.path}: is ${foreign.what}`, { fix: foreign.fix });
  const folder = folderOf(archive, source.path);
  if (archive.entries.has(`${folder}constants.pkl`)) {
    fail('is a TorchScript archive, with code; expected a state dict: save model.state_dict() instead');
  }
  const record = archive.entries.get(`${folder}data.pkl`);
  if (!record) return fail('is a zip archive without data.pkl: not a file of torch.save');
  const packed = [...archive.entries.values()].find(({ method }) => method !== 0);
  if (packed) {
    const how = packed.method === 8 ? 'deflated' : `packed by method ${packed.method}`;
    throw new WeightsError(
      `${source.path}: is a file of torch.save that something packed again: ${shown(packed.name)} is ${how}, expected stored records`,
      { fix: RESAVE },
    );
  }
  if (record.size > MAX_PICKLE) fail(`has a pickle of ${record.size} bytes, ${MAX_PICKLE} at most`);
  const root = await new PickleRun(
    (offset, length) => archive.read(record, offset, length),
    { at: 0, size: record.size },
    { ...options, memory: memoryFor(source), fail },
  ).pickle();
  return {
    kind: 'torch zip',
    root,
    bigEndian: (await byteOrder(archive, folder)) === 'big',
    async readStorage(storage, begin, length, into) {
      const entry = archive.entries.get(`${folder}data/${storage.key}`);
      if (!entry) return fail(`holds no storage ${shown(storage.key)}`);
      const needed = storage.length * TORCH_BYTES[storage.dtype];
      if (entry.size < needed)
        fail(`storage ${shown(storage.key)} holds ${entry.size} bytes, expected ${needed}`);
      return archive.read(entry, begin, length, into);
    },
  };
}

/** All records lie in one folder, called after the file that was saved. */
function folderOf({ entries }: ZipArchive, path: string): string {
  const [first = ''] = entries.keys();
  const folder = first.slice(0, first.indexOf('/') + 1);
  const outside = [...entries.keys()].find((name) => !name.startsWith(folder) || name.includes('..'));
  if (folder === '' || outside !== undefined) {
    throw new WeightsError(
      `${path}: is a zip archive that holds ${shown(outside ?? first)} outside the folder of torch.save`,
      { fix: 'unpack it and give the weight file that is inside' },
    );
  }
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
  // Bytes per element of every storage that the object refers to: the raw part states counts only.
  const widths = new Map<string, number>();
  const run = new PickleRun(
    (offset, length) => source.read(offset, length),
    { at: 0, size: source.size },
    {
      ...options,
      memory: memoryFor(source),
      fail,
      persistent(id, refuse) {
        const storage = storageOf(id, refuse);
        const width = TORCH_BYTES[storage.dtype];
        if ((widths.get(storage.key) ?? width) !== width) refuse('gives a storage two types');
        widths.set(storage.key, width);
        return storage;
      },
    },
  );
  await run.pickle();
  if ((await run.pickle()) !== 1001) fail('is a stream of another version, expected 1001');
  const system = await run.pickle();
  const root = await run.pickle();
  const keys = await run.pickle();
  if (!(keys instanceof List)) return fail('lists no storage keys after its object');
  const starts = new Map<string, { at: number; length: number }>();
  for (const key of keys.items) {
    if (typeof key !== 'string') return fail('lists a storage by other than a string');
    if (starts.has(key)) fail(`stores ${shown(key)} twice`);
    const width = widths.get(key);
    if (width === undefined) return fail(`stores ${shown(key)}, which nothing refers to`);
    const length = (await run.count()) * width;
    const { at } = run;
    if (!Number.isSafeInteger(length) || at + length > source.size) {
      fail(`storage ${shown(key)} claims ${length} bytes at byte ${at} of ${source.size}`);
    }
    run.skip(length);
    starts.set(key, { at, length });
  }
  return {
    kind: 'torch legacy stream',
    root,
    bigEndian: system instanceof Dict && system.entries.get('little_endian') === false,
    async readStorage(storage, begin, length, into) {
      const place = starts.get(storage.key);
      if (!place) return fail(`holds no storage ${shown(storage.key)}`);
      if (begin + length > place.length) {
        fail(`storage ${shown(storage.key)} holds ${place.length} bytes, expected ${begin + length}`);
      }
      return source.read(place.at + begin, length, into);
    },
  };
}

/** For a pickle's values: more in a large file, whose tensors may be many. */
const memoryFor = ({ size }: ByteSource): number => Math.max(PICKLE_MEMORY, Math.floor(size / 4));
