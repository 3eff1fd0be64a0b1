import type { ByteSource } from '../byteSource.ts';
import { MAX_PICKLE, type PickleOptions, readPickle } from './pickle.ts';
import { PickleTruncated } from './pickleBytes.ts';
import type { Pickled } from './value.ts';

/** Read at once; most of what lies between two storages is far shorter. */
const WINDOW = 2 ** 16;

/** Pickles and raw numbers one after another in a part of a file; none says how long it is. */
export class PickleRun {
  /** The next byte, counted in the file. */
  at: number;
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #options: PickleOptions;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where `#bytes` begins in the file. */
  #from = 0;

  constructor(source: ByteSource, part: { at: number; size: number }, options: PickleOptions) {
    this.#source = source;
    this.at = part.at;
    this.#end = part.at + part.size;
    this.#options = { ...options, fail: (what, offset) => options.fail(what, this.#from + offset) };
  }

  async pickle(): Promise<Pickled> {
    for (let length = WINDOW; ; length *= 4) {
      // What is in memory may do; only when it does not, more is read.
      try {
        const { value, end } = readPickle(this.#bytes, this.at - this.#from, this.#options);
        this.at = this.#from + end;
        return value;
      } catch (error) {
        if (!(error instanceof PickleTruncated)) throw error;
      }
      if (this.#from === this.at && this.#from + this.#bytes.length === this.#end)
        this.fail('ends too early');
      if (length > 4 * MAX_PICKLE) this.fail(`has a pickle of more than ${MAX_PICKLE} bytes`);
      await this.#read(length);
    }
  }

  int32(): Promise<number> {
    return this.#number(4, (view) => view.getInt32(0, true));
  }

  /** A 64-bit count: refused where it is negative or no safe integer. */
  async count(): Promise<number> {
    const value = await this.#number(8, (view) => Number(view.getBigInt64(0, true)));
    return Number.isSafeInteger(value) && value >= 0 ? value : this.fail(`holds the count ${value}`);
  }

  skip(bytes: number): void {
    if (bytes > this.#end - this.at) this.fail(`ends too early: ${bytes} bytes expected`);
    this.at += bytes;
  }

  fail(what: string): never {
    return this.#options.fail(what, this.at - this.#from);
  }

  async #number(width: number, read: (view: DataView) => number): Promise<number> {
    const at = this.at;
    this.skip(width);
    if (at < this.#from || this.at > this.#from + this.#bytes.length) {
      this.at = at;
      await this.#read(WINDOW);
      this.at += width;
    }
    return read(new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at - this.#from, width));
  }

  async #read(length: number): Promise<void> {
    this.#from = this.at;
    this.#bytes = await this.#source.read(this.at, Math.min(length, this.#end - this.at));
  }
}
