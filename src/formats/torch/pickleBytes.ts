import type { Fail } from './globals.ts';

/** The buffered bytes end inside an opcode: read more and try again. */
export class PickleTruncated extends Error {}

export const MAX_STRING = 2 ** 20;

const text = new TextDecoder('utf-8', { fatal: true });

/** Reads the arguments of opcodes. A length is not trusted before its bytes have been read. */
export abstract class PickleBytes {
  /** The next byte, in the pickle's source. */
  at: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Offset of the first buffered byte. */
  #from = 0;
  /** Reports a fault of the opcode that is being read. */
  abstract readonly fail: Fail;
  /** Told of memory that a value takes, in bytes, about. */
  abstract spend(bytes: number): void;

  constructor(start: number) {
    this.at = start;
  }

  /** The bytes at hand from now on; the first of them at `from`. */
  feed(bytes: Uint8Array, from: number): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#from = from;
  }

  take(length: number): Uint8Array {
    const begin = this.at - this.#from;
    if (begin + length > this.#bytes.length) throw new PickleTruncated();
    this.at += length;
    return this.#bytes.subarray(begin, begin + length);
  }

  string(length: number): string {
    if (length > MAX_STRING) this.fail(`holds a string of ${length} bytes, ${MAX_STRING} at most`);
    const bytes = this.take(length);
    this.spend(24 + length);
    try {
      return text.decode(bytes);
    } catch {
      return this.fail('holds a string that is not UTF-8');
    }
  }

  /** Up to a newline. */
  line(): string {
    const begin = this.at - this.#from;
    const end = this.#bytes.indexOf(10, begin);
    if (end < 0) {
      if (this.#bytes.length - begin > MAX_STRING) this.fail('holds a name without an end');
      throw new PickleTruncated();
    }
    const found = this.string(end - begin);
    this.at += 1;
    return found;
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  number(length: number, read: (view: DataView, at: number) => number): number {
    this.take(length);
    return read(this.#view, this.at - length - this.#from);
  }

  u32(): number {
    return this.number(4, (view, at) => view.getUint32(at, true));
  }

  /** Two's complement, little-endian, of any length. */
  long(length: number): number | bigint {
    const bytes = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    if (length > 0 && bytes[length - 1]! >= 0x80) value -= 1n << BigInt(8 * length);
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  }
}
