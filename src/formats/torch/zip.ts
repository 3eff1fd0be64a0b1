import { shown, WeightsError } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';
import type { Bytes } from '../bytes.ts';

/** One record of an archive. */
interface ZipEntry {
  readonly name: string;
  /** 0: stored, as all records of torch.save are. Others are listed, not read. */
  readonly method: number;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly offset: number;
  /** Where the next entry, or the directory, begins. */
  readonly end: number;
}

/** An entry as the directory has it, its end to be found. */
type Listed = Omit<ZipEntry, 'end'> & { end: number };

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** `length` bytes of a stored entry from `begin`; only these are read. See `ByteSource.read`. */
  read(entry: ZipEntry, begin: number, length: number, into?: Bytes): Promise<Bytes>;
}

const MAX_ENTRIES = 100_000;
/** A directory of as many entries as that with names of torch.save. */
const MAX_DIRECTORY = 16 * 2 ** 20;
/** In bytes: torch.save's are short. */
const MAX_ENTRY_NAME = 1000;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const NAMES = new TextDecoder();
/** The end record and the longest comment. */
const TAIL = 22 + 65_535;

/**
 * The central directory of a zip file, Zip64 included, checked: names are unique, records do not overlap, and all
 * lie before the directory. @throws WeightsError.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const fail = failOf(source);
  const { start, length, count } = await findDirectory(source, fail);
  if (count > MAX_ENTRIES) fail(`holds ${count} entries, ${MAX_ENTRIES} at most`);
  if (start + length > source.size) fail('its directory lies outside the file');
  if (length > MAX_DIRECTORY) fail(`its directory has ${length} bytes, ${MAX_DIRECTORY} at most`);
  const entries = readDirectory(await source.read(start, length), count, fail);
  keepApart(entries, start, fail);
  return {
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    async read(entry, begin, size, into) {
      if (begin + size > entry.size)
        fail(`${shown(entry.name)} holds ${entry.size} bytes, expected ${begin + size}`);
      return source.read((await dataStart(source, entry, fail)) + begin, size, into);
    },
  };
}

type Fail = (what: string) => never;
const failOf =
  (source: ByteSource): Fail =>
  (what) => {
    throw new WeightsError(`${source.path}: not a readable zip archive: ${what}`);
  };

interface Directory {
  readonly start: number;
  readonly length: number;
  readonly count: number;
}

async function findDirectory(source: ByteSource, fail: Fail): Promise<Directory> {
  const from = Math.max(0, source.size - TAIL);
  const tail = viewOf(await source.read(from, source.size - from));
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) return fail('it has no end record: the file is cut short');
  if (at >= 20 && tail.getUint32(at - 20, true) === LOCATOR64) {
    const place = whole(tail, at - 12, fail);
    const record = viewOf(await source.read(place, 56));
    if (record.getUint32(0, true) !== END64) return fail('its Zip64 record is not where it should be');
    return {
      count: whole(record, 32, fail),
      length: whole(record, 40, fail),
      start: whole(record, 48, fail),
    };
  }
  return {
    count: tail.getUint16(at + 10, true),
    length: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
}

function readDirectory(bytes: Uint8Array, count: number, fail: Fail): Listed[] {
  const view = viewOf(bytes);
  const entries: Listed[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      fail(`entry ${i} of its directory is damaged`);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > bytes.length) fail(`entry ${i} of its directory is cut short`);
    if (nameLength > MAX_ENTRY_NAME) fail(`entry ${i} has a name of ${nameLength} bytes`);
    const name = NAMES.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (names.has(name)) fail(`two entries are called ${shown(name)}`);
    names.add(name);
    const method = view.getUint16(at + 10, true);
    if (view.getUint16(at + 8, true) & 1) fail(`${shown(name)} is encrypted`);
    const wide = wideFields(view, at, nameLength, extraLength, fail);
    const [size, packed, offset] = wide;
    if (method === 0 && size !== packed) fail(`${shown(name)} is stored, but its two sizes differ`);
    entries.push({ name, method, size, packed, offset, end: 0 });
    at = end;
  }
  return entries;
}

/** Size, packed size and offset of a directory entry; those that are all ones stand in its Zip64 field. */
function wideFields(
  view: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  fail: Fail,
): [size: number, packed: number, offset: number] {
  const fields = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  if (!fields.includes(0xffffffff)) return fields as [number, number, number];
  let extra = at + 46 + nameLength;
  const end = extra + extraLength;
  while (extra + 4 <= end) {
    const length = view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === 1) {
      let place = extra + 4;
      const stop = Math.min(end, place + length);
      return fields.map((value) => {
        if (value !== 0xffffffff) return value;
        if (place + 8 > stop) return fail('a Zip64 field is cut short');
        place += 8;
        return whole(view, place - 8, fail);
      }) as [number, number, number];
    }
    extra += 4 + length;
  }
  return fail('a Zip64 field is missing');
}

/** No entry runs into the next, as far as the directory tells: `dataStart` asks again where the local header is read. */
function keepApart(entries: readonly Listed[], directory: number, fail: Fail): void {
  const order = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of order.entries()) {
    entry.end = order[i + 1]?.offset ?? directory;
    if (entry.offset + 30 + entry.packed > entry.end) fail(`${shown(entry.name)} runs into what follows it`);
  }
}

/** Where an entry's data begin: the length of the extra field stands in the local header only. */
async function dataStart(source: ByteSource, entry: ZipEntry, fail: Fail): Promise<number> {
  const header = viewOf(await source.read(entry.offset, 30));
  if (header.getUint32(0, true) !== LOCAL) fail(`${shown(entry.name)} has no local header`);
  const nameLength = header.getUint16(26, true);
  const name = NAMES.decode(await source.read(entry.offset + 30, nameLength));
  if (name !== entry.name) fail(`${shown(entry.name)} is called ${shown(name)} in its local header`);
  const start = entry.offset + 30 + nameLength + header.getUint16(28, true);
  if (start + entry.packed > entry.end) fail(`${shown(entry.name)} runs into what follows it`);
  return start;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A 64-bit count that fits a number. */
function whole(view: DataView, at: number, fail: Fail): number {
  const value = view.getBigUint64(at, true);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : fail(`claims ${value} bytes`);
}
