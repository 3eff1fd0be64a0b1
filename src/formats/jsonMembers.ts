/** Bytes `at` to `at + length` of a JSON text. */
export type ReadText = (at: number, length: number) => Promise<Uint8Array>;

/** The buffered bytes end inside a member: read more and try again. */
class Truncated extends Error {}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PIECE = 2 ** 16;
/** Longest member of an object, its spaces included. */
const MAX_MEMBER = 10 * 2 ** 20;
const MAX_DEPTH = 32;
/** Most values in a skipped field: skipping takes time, and is repeated when more bytes are read. */
const MAX_SKIPPED = 100_000;
const MAX_KEY = 1000;
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Reads a JSON text that is one object, member by member and in pieces: never the whole of it, no recursion beyond a
 * few levels, names as they stand (the built-in parser keeps the last of two and hides the others).
 */
export class JsonMembers {
  readonly #read: ReadText;
  readonly #length: number;
  readonly #fail: (what: string) => never;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Offset in the text of the first buffered byte. */
  #from = 0;
  #at = 0;
  /** Values of the field that is being passed over. */
  #skipped = 0;

  /** `length`: of the text in bytes. `fail` is told what is wrong and where. */
  constructor(read: ReadText, length: number, fail: (what: string) => never) {
    this.#read = read;
    this.#length = length;
    this.#fail = fail;
  }

  /** One object, each of its members by `member`, which is called where the value begins and reads it. */
  async object(member: (name: string) => undefined | (() => Promise<void>)): Promise<void> {
    await this.#whole(() => this.#expect(OPEN, '{'));
    await this.#skipSpace();
    if (await this.#whole(() => this.#accept(CLOSE))) return;
    for (;;) {
      await this.#skipSpace();
      // Read at once, or left to be read in pieces.
      const inPieces = await this.#whole(() => {
        const name = this.string(MAX_KEY);
        this.#space();
        this.#expect(COLON, ':');
        this.#space();
        return member(name);
      });
      await inPieces?.();
      await this.#skipSpace();
      if (await this.#whole(() => this.#accept(CLOSE))) return;
      await this.#whole(() => this.#expect(COMMA, ', or }'));
    }
  }

  /** Nothing but space may follow. */
  async end(): Promise<void> {
    await this.#skipSpace();
    if (this.#from + this.#at < this.#length) this.fail('expected its end');
  }

  /** @param most characters that it may have; more are refused before they are read. */
  string(most = MAX_MEMBER): string {
    if (this.#peek() !== QUOTE) this.fail('expected a string');
    let escapes = false;
    let end = this.#at + 1;
    for (; this.#bytes[end] !== QUOTE; end++) {
      const byte = this.#bytes[end];
      // An escape writes one character as six.
      if (end - this.#at > 6 * most) this.fail(`a string of more than ${most} characters`);
      if (byte === undefined) throw new Truncated();
      if (byte < 0x20) this.fail('a string holds a control character');
      if (byte === BACKSLASH) {
        escapes = true;
        end += 1;
      }
    }
    try {
      const inner = UTF8.decode(this.#bytes.subarray(this.#at + 1, end));
      const text = escapes ? (JSON.parse(`"${inner}"`) as string) : inner;
      if (/\p{Surrogate}/u.test(text)) throw new Error('half a character');
      this.#at = end + 1;
      return text;
    } catch {
      return this.fail('a string is not UTF-8, or has an invalid escape');
    }
  }

  /** A whole number of at least 0, as digits alone; anything else as the text that stands there. */
  count(): number | string {
    const text = this.#word();
    const value = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) ? value : text;
  }

  /** A list, each item by `item`. @throws where there are more than `most`. */
  list(item: () => void, most: number): void {
    this.#expect(OPEN_LIST, '[');
    this.#space();
    for (let count = 1; !this.#accept(CLOSE_LIST); count++) {
      if (count > 1) {
        this.#space();
        this.#expect(COMMA, ', or ]');
      }
      if (count > most) this.fail(`a list of more than ${most} items`);
      this.#space();
      item();
      this.#space();
    }
  }

  /** An object in a member, each of its own members by `member`. */
  members(member: (name: string) => void): void {
    this.#expect(OPEN, '{');
    this.#space();
    if (this.#accept(CLOSE)) return;
    for (;;) {
      this.#space();
      const name = this.string(MAX_KEY);
      this.#space();
      this.#expect(COLON, ':');
      this.#space();
      member(name);
      this.#space();
      if (this.#accept(CLOSE)) return;
      this.#expect(COMMA, ', or }');
    }
  }

  /** Skips a value of any kind. @throws where it holds more than 100,000 others. */
  skip(): void {
    this.#skipped = 0;
    this.#skip(0);
  }

  #skip(depth: number): void {
    if (depth > MAX_DEPTH) this.fail(`nests more than ${MAX_DEPTH} levels`);
    if (++this.#skipped > MAX_SKIPPED) this.fail(`a field with more than ${MAX_SKIPPED} values`);
    const byte = this.#peek();
    if (byte === QUOTE) this.string();
    else if (byte === OPEN) this.members(() => this.#skip(depth + 1));
    else if (byte === OPEN_LIST) this.list(() => this.#skip(depth + 1), MAX_MEMBER);
    else if (!/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(this.#word()))
      this.fail('expected a value');
  }

  /** The next character. */
  begins(): string {
    return String.fromCharCode(this.#peek());
  }

  fail(what: string): never {
    return this.#fail(`${what} at byte ${this.#from + this.#at}`);
  }

  /** Runs `step` on the buffered bytes; if they end inside it, reads more and repeats it from its start. */
  async #whole<T>(step: () => T): Promise<T> {
    for (;;) {
      const start = this.#at;
      try {
        return step();
      } catch (error) {
        if (!(error instanceof Truncated)) throw error;
        this.#at = start;
        await this.#more();
      }
    }
  }

  async #skipSpace(): Promise<void> {
    for (;;) {
      this.#spaceAtHand();
      if (this.#at < this.#bytes.length || this.#from + this.#at === this.#length) return;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const left = this.#bytes.subarray(this.#at);
    const from = this.#from + this.#at;
    if (from + left.length === this.#length) this.fail('ends too early: the text is cut short');
    if (left.length > MAX_MEMBER) this.fail(`holds a part of more than ${MAX_MEMBER} bytes`);
    const length = Math.min(Math.max(PIECE, left.length), this.#length - from - left.length);
    const piece = await this.#read(from + left.length, length);
    if (left.length === 0) this.#bytes = piece;
    else {
      const bytes = new Uint8Array(left.length + length);
      bytes.set(left);
      bytes.set(piece, left.length);
      this.#bytes = bytes;
    }
    this.#from = from;
    this.#at = 0;
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Truncated();
    return byte;
  }

  #accept(wanted: number): boolean {
    if (this.#peek() !== wanted) return false;
    this.#at += 1;
    return true;
  }

  #expect(wanted: number, called: string): void {
    if (!this.#accept(wanted)) this.fail(`expected ${called}`);
  }

  #space(): void {
    this.#spaceAtHand();
    this.#peek();
  }

  #spaceAtHand(): void {
    for (; ; this.#at++) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }

  /** A number or a literal: up to what ends one. */
  #word(): string {
    let end = this.#at;
    for (; ; end++) {
      const byte = this.#bytes[end];
      if (byte === undefined) throw new Truncated();
      if (byte <= 0x20 || byte === COMMA || byte === CLOSE || byte === CLOSE_LIST || byte === QUOTE) break;
      if (end - this.#at > MAX_WORD) this.fail('expected a value');
    }
    const word = String.fromCharCode(...this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return word;
  }
}

const MAX_WORD = 64;
