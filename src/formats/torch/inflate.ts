import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { shown } from '../../errors.ts';
import type { ByteSource } from '../byteSource.ts';
import type { Bytes } from '../bytes.ts';

/** Where a deflated record lies, and what it says to unpack to. */
export interface Deflated {
  readonly name: string;
  /** Of its packed bytes in the file. */
  readonly at: number;
  readonly packed: number;
  readonly size: number;
}

/** Packed bytes in memory at a time. */
const PIECE = 2 ** 16;

/**
 * Reads a deflated record without ever holding it: forwards from where the last read ended, from its beginning where a
 * read lies before. Its size is checked by unpacking it once into nothing, so that no memory is given to a lie.
 */
export class InflatedRecord {
  readonly #source: ByteSource;
  readonly #record: Deflated;
  readonly #fail: (what: string) => never;
  /** Told how many bytes were unpacked; may refuse more. */
  readonly #spend: (bytes: number) => void;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Of the chunk's first byte. */
  #position = 0;
  #checked = false;

  constructor(
    source: ByteSource,
    record: Deflated,
    fail: (what: string) => never,
    spend: (bytes: number) => void,
  ) {
    this.#source = source;
    this.#record = record;
    this.#fail = fail;
    this.#spend = spend;
  }

  /** `length` bytes from `begin`, which lie in the record; in the front of `into` or in memory of their own. */
  async read(begin: number, length: number, into?: Bytes): Promise<Bytes> {
    await this.#check();
    if (begin < this.#position) await this.close();
    const out = into?.subarray(0, length) ?? new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const from = begin + done - this.#position;
      if (from >= this.#chunk.length) {
        await this.#next();
        continue;
      }
      const part = this.#chunk.subarray(from, from + length - done);
      out.set(part, done);
      done += part.length;
    }
    return out;
  }

  /** Stops unpacking; the next read begins anew. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
    this.#chunk = new Uint8Array(0);
    this.#position = 0;
  }

  async #check(): Promise<void> {
    if (this.#checked) return;
    const { name, size } = this.#record;
    while (this.#position <= size && (await this.#next())) {}
    if (this.#position !== size) {
      this.#fail(
        `${shown(name)} unpacks to ${this.#position > size ? 'more' : this.#position} bytes, expected ${size}`,
      );
    }
    this.#checked = true;
    await this.close();
  }

  /** Goes on by one chunk; false at the end, where the position is the record's size. */
  async #next(): Promise<boolean> {
    this.#chunks ??= inflated(this.#source, this.#record);
    const { value, done } = await this.#chunks
      .next()
      .catch((error: Error) =>
        this.#fail(`${shown(this.#record.name)} could not be unpacked: ${error.message}`),
      );
    this.#position += this.#chunk.length;
    this.#chunk = done ? new Uint8Array(0) : value;
    this.#spend(this.#chunk.length);
    return !done;
  }
}

async function* inflated(source: ByteSource, record: Deflated): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: PIECE });
  const packed = Readable.from(pieces(source, record));
  // A stream that fails does not fail the one it is piped into.
  packed.on('error', (error) => inflater.destroy(error));
  try {
    yield* packed.pipe(inflater);
  } finally {
    packed.destroy();
    inflater.destroy();
  }
}

async function* pieces(source: ByteSource, { at, packed }: Deflated): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < packed; done += PIECE) {
    yield await source.read(at + done, Math.min(PIECE, packed - done));
  }
}
