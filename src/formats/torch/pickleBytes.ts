import type { Fail } from './globals.ts';

/** The bytes ended inside the pickle: with more of them it may go on. */
export class PickleTruncated extends Error {}

export const MAX_STRING = 2 ** 20;

const text = new TextDecoder('utf-8', { fatal: true });

/** What opcodes read from the bytes that follow them. Nothing is believed of a length before the bytes are there. */
export abstract class PickleBytes {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Reports a fault of the opcode that is being read. */
  abstract readonly fail: Fail;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new PickleTruncated();
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  string(length: number): string {
    if (length > MAX_STRING) this.fail(`holds a string of ${length} bytes, ${MAX_STRING} at most`);
    const bytes = this.take(length);
    try {
      return text.decode(bytes);
    } catch {
      return this.fail('holds a string that is not UTF-8');
    }
  }

  /** Up to a newline. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.at);
    if (end < 0) {
      if (this.#bytes.length - this.at > MAX_STRING) this.fail('holds a name without an end');
      throw new PickleTruncated();
    }
    const found = this.string(end - this.at);
    this.at += 1;
    return found;
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  number(length: number, read: (view: DataView, at: number) => number): number {
    this.take(length);
    return read(this.#view, this.at - length);
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
