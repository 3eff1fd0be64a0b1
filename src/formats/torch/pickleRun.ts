import { PickleMachine, type PickleOptions } from './pickle.ts';
import type { Pickled } from './value.ts';

/** Read at once; most of what lies between two storages is far shorter. */
const WINDOW = 2 ** 16;

/** Bytes from an offset on. */
export type ReadPart = (offset: number, length: number) => Promise<Uint8Array>;

/** Pickles and raw numbers one after another in a part of a file; none says how long it is. */
export class PickleRun {
  /** The next byte, counted in the source. */
  at: number;
  readonly #read: ReadPart;
  readonly #end: number;
  readonly #options: PickleOptions;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where `#bytes` begins in the source. */
  #from = 0;

  constructor(read: ReadPart, part: { at: number; size: number }, options: PickleOptions) {
    this.#read = read;
    this.at = part.at;
    this.#end = part.at + part.size;
    this.#options = options;
  }

  async pickle(): Promise<Pickled> {
    const machine = new PickleMachine(this.at, this.#options);
    for (let length = WINDOW; ; ) {
      machine.feed(this.#bytes, this.#from);
      const value = machine.run();
      const held = this.#from + this.#bytes.length;
      // One opcode may be longer than the window.
      length = machine.at > this.at || this.#bytes.length === 0 ? WINDOW : 2 * length;
      this.at = machine.at;
      if (value !== undefined) return value;
      if (held === this.#end) this.fail('ends too early: the file is cut short inside its pickle');
      await this.#load(length);
    }
  }

  /** A 64-bit count: refused where it is negative or no safe integer. */
  async count(): Promise<number> {
    const at = this.at;
    this.skip(8);
    if (at < this.#from || this.at > this.#from + this.#bytes.length) {
      this.at = at;
      await this.#load(WINDOW);
      this.at += 8;
    }
    const bytes = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at - this.#from, 8);
    const value = Number(bytes.getBigInt64(0, true));
    return Number.isSafeInteger(value) && value >= 0 ? value : this.fail(`holds the count ${value}`);
  }

  skip(bytes: number): void {
    if (bytes > this.#end - this.at) this.fail(`ends too early: ${bytes} bytes expected`);
    this.at += bytes;
  }

  fail(what: string): never {
    return this.#options.fail(what, this.at);
  }

  async #load(length: number): Promise<void> {
    this.#from = this.at;
    this.#bytes = await this.#read(this.at, Math.min(length, this.#end - this.at));
  }
}
