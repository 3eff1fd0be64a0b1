/** Hand-made files of torch.save, right and wrong. */
import { deflateRawSync } from 'node:zlib';

export const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** 32 bits, little-endian. */
export function int(value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return [...bytes];
}
const short = (value: number): number[] => int(value).slice(0, 2);

/** A pickle of protocol 2 around `code`. */
export const pickled = (code: readonly number[]): Uint8Array => Uint8Array.from([0x80, 2, ...code, 0x2e]);

export const [MARK, TUPLE, REDUCE, PERSID, DICT, SETITEM] = [0x28, 0x74, 0x52, 0x51, 0x7d, 0x73] as const;
/** `c` module name: a GLOBAL. */
export const global = (module: string, name: string): number[] => [0x63, ...text(`${module}\n${name}\n`)];
export const string = (value: string): number[] => [0x58, ...int(text(value).length), ...text(value)];
export const number = (value: number): number[] => [0x4a, ...int(value)];
export const tuple = (...items: number[][]): number[] => [MARK, ...items.flat(), TUPLE];
export const storage = (length: number, key = '0'): number[] => [
  ...tuple(string('storage'), global('torch', 'FloatStorage'), string(key), string('cpu'), number(length)),
  PERSID,
];
export const tensor = (held: number[], offset: number, shape: number[], strides: number[]): number[] => [
  ...global('torch._utils', '_rebuild_tensor_v2'),
  ...tuple(
    held,
    number(offset),
    tuple(...shape.map(number)),
    tuple(...strides.map(number)),
    [0x89],
    [...global('collections', 'OrderedDict'), ...tuple(), REDUCE],
  ),
  REDUCE,
];
export const dictOf = (entries: [name: string, value: number[]][]): number[] => [
  DICT,
  ...entries.flatMap(([name, value]) => [...string(name), ...value, SETITEM]),
];
export const dict = (name: string, value: number[]): number[] => dictOf([[name, value]]);

export const torchZip = (pickle: Uint8Array, storage: Uint8Array): Uint8Array =>
  storedZip([
    ['archive/data.pkl', pickle],
    ['archive/data/0', storage],
  ]);

/** What torch.save makes of a state dict, or of a dict of them by the first words of the names. */
export function savedStateDict(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
  nested = false,
): Uint8Array {
  const records: [string, Uint8Array][] = [];
  const parts = new Map<string, [string, number[]][]>();
  for (const [name, { shape, data }] of tensors) {
    const cut = nested ? name.indexOf('.') : -1;
    const part = name.slice(0, Math.max(0, cut));
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const held = storage(data.length, String(records.length));
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part)!.push([name.slice(cut + 1), tensor(held, 0, [...shape], strides)]);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    records.push([`archive/data/${records.length}`, bytes]);
  }
  const dicts = [...parts].map(([part, entries]): [string, number[]] => [part, dictOf(entries)]);
  const saved = nested ? dictOf(dicts) : dicts[0]![1];
  return storedZip([['archive/data.pkl', pickled(saved)], ...records]);
}

export interface ZipFaults {
  /** The second record begins where the first one does. */
  readonly overlap?: boolean;
  /** What the first record is called in its local header. */
  readonly localName?: string;
  readonly method?: number;
}

/** A zip archive of records that are stored, or deflated with method 8. */
export function storedZip(
  records: readonly (readonly [string, Uint8Array])[],
  { overlap = false, localName, method = 0 }: ZipFaults = {},
): Uint8Array {
  const body: Uint8Array[] = [];
  let length = 0;
  const add = (bytes: Uint8Array): void => {
    body.push(bytes);
    length += bytes.length;
  };
  const directory: number[] = [];
  for (const [i, [name, data]] of records.entries()) {
    const offset = overlap && i === 1 ? 0 : length;
    const local = text(i === 0 ? (localName ?? name) : name);
    const packed = method === 8 ? deflateRawSync(data) : data;
    const sizes = [...int(packed.length), ...int(data.length)];
    const common = [...short(20), ...short(0), ...short(method), ...int(0), ...int(0), ...sizes];
    add(Uint8Array.from([...int(0x04034b50), ...common, ...short(local.length), ...short(0), ...local]));
    add(packed);
    const rest = [0, 0, 0, 0].flatMap(short);
    directory.push(...int(0x02014b50), ...short(20), ...common, ...short(text(name).length), ...rest);
    directory.push(...int(0), ...int(offset), ...text(name));
  }
  const count = short(records.length);
  const end = [...int(0x06054b50), ...short(0), ...short(0), ...count, ...count];
  add(Uint8Array.from([...directory, ...end, ...int(directory.length), ...int(length), ...short(0)]));
  return Buffer.concat(body);
}

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

/** A tar archive of regular members. */
export function tar(members: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const blocks: number[] = [];
  for (const [name, data] of members) {
    const header = new Uint8Array(512);
    header.set(text(name), 0);
    header.set(text(`${data.length.toString(8).padStart(11, '0')}\0`), 124);
    header.set(text('        0'), 148);
    header.set(text('ustar'), 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.set(text(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    blocks.push(...header, ...data, ...new Uint8Array((512 - (data.length % 512)) % 512));
  }
  return Uint8Array.from([...blocks, ...new Uint8Array(1024)]);
}
