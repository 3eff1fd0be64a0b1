/** Hand-made files of torch.save, right and wrong. */

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

export const torchZip = (pickle: Uint8Array, storage: Uint8Array): Uint8Array =>
  storedZip([
    ['archive/data.pkl', pickle],
    ['archive/data/0', storage],
  ]);

export interface ZipFaults {
  /** The second record begins where the first one does. */
  readonly overlap?: boolean;
  /** What the first record is called in its local header. */
  readonly localName?: string;
  readonly method?: number;
}

/** A zip archive of stored records. */
export function storedZip(
  records: readonly (readonly [string, Uint8Array])[],
  faults: ZipFaults = {},
): Uint8Array {
  const body: number[] = [];
  const directory: number[] = [];
  const method = short(faults.method ?? 0);
  for (const [i, [name, data]] of records.entries()) {
    const offset = faults.overlap && i === 1 ? 0 : body.length;
    const local = text(i === 0 ? (faults.localName ?? name) : name);
    const sizes = [...int(0), ...int(data.length), ...int(data.length)];
    body.push(...int(0x04034b50), ...short(20), ...short(0), ...method, ...int(0), ...sizes);
    body.push(...short(local.length), ...short(0), ...local);
    // Not spread: an argument each would overflow the stack.
    for (const byte of data) body.push(byte);
    directory.push(
      ...int(0x02014b50),
      ...short(20),
      ...short(20),
      ...short(0),
      ...method,
      ...int(0),
      ...sizes,
    );
    directory.push(
      ...short(text(name).length),
      ...short(0),
      ...short(0),
      ...short(0),
      ...short(0),
      ...int(0),
    );
    directory.push(...int(offset), ...text(name));
  }
  const count = short(records.length);
  const end = [...int(0x06054b50), ...short(0), ...short(0), ...count, ...count];
  return Uint8Array.from([
    ...body,
    ...directory,
    ...end,
    ...int(directory.length),
    ...int(body.length),
    ...short(0),
  ]);
}

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
