import { ConfigError, gotText } from './errors.ts';
import { refuseExtra } from './options.ts';

/** Four 32-bit words: Philox's counter, and what it yields. */
export type Words4 = readonly [number, number, number, number];
/** Two 32-bit words: Philox's key. */
export type Words2 = readonly [number, number];

/**
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011): four
 * random words that depend on (counter, key) alone. Words are unsigned 32-bit integers.
 */
export function philox(counter: Words4, key: Words2): [number, number, number, number] {
  const words = Uint32Array.from(counter);
  permute(words, key[0] >>> 0, key[1] >>> 0);
  return [words[0]!, words[1]!, words[2]!, words[3]!];
}

/** The counter's last word on the host; kernels leave it 0, so host and device never share a number. */
const HOST_DOMAIN = 0x686f7374;

/**
 * A sequence of random numbers fixed by (seed, stream). Streams of one seed are independent, so give each
 * consumer its own number instead of passing one generator around: then adding a draw in one place moves
 * nothing in another.
 */
export class RandomStream {
  readonly #key: Words2;
  readonly #stream: number;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #used = 4;
  #spareNormal: number | undefined;

  /** `seed`: integer in [0, 2^53). `stream`: integer in [0, 2^32). @throws ConfigError outside. */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ConfigError(`random numbers: seed expects a whole number in [0, 2^53), got ${gotText(seed)}`);
    }
    if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 32) {
      throw new ConfigError(
        `random numbers: stream expects a whole number in [0, 2^32), got ${gotText(stream)}`,
      );
    }
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
    this.#stream = stream;
  }

  /** A uniform 32-bit word. */
  word(...extra: never[]): number {
    refuseExtra('random.word', extra);
    if (this.#used === 4) {
      this.#words[0] = this.#block;
      this.#words[1] = Math.floor(this.#block / 2 ** 32);
      this.#words[2] = this.#stream;
      this.#words[3] = HOST_DOMAIN;
      permute(this.#words, this.#key[0], this.#key[1]);
      this.#block++;
      this.#used = 0;
    }
    return this.#words[this.#used++]!;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(...extra: never[]): number {
    refuseExtra('random.next', extra);
    return this.word() * 2 ** -32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number, ...extra: never[]): number {
    refuseExtra('random.between', extra);
    return low + (high - low) * this.next();
  }

  /** Standard normal (Box and Muller; the second of each pair is kept for the next call). */
  normal(...extra: never[]): number {
    refuseExtra('random.normal', extra);
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Uniform integer in [0, n), without bias. `n`: integer in [1, 2^32]. @throws RangeError outside. */
  integer(n: number, ...extra: never[]): number {
    refuseExtra('random.integer', extra);
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`RandomStream.integer: n expects an integer in [1, 2^32], got ${n}`);
    }
    const fair = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const word = this.word();
      if (word < fair) return word % n;
    }
  }

  /** Uniform over all orders, in place (Fisher and Yates); returns the same array. */
  shuffle<T>(items: T[], ...extra: never[]): T[] {
    refuseExtra('random.shuffle', extra);
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const held = items[last]!;
      items[last] = items[other]!;
      items[other] = held;
    }
    return items;
  }
}

function permute(words: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = [words[0]!, words[1]!, words[2]!, words[3]!];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0 >>> 0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** Upper 32 bits of the 64-bit product of two unsigned words, by halves of 16 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 0;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (low >>> 16);
  const cross = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return ((Math.imul(aHigh, bHigh) >>> 0) + (middle >>> 16) + (cross >>> 16)) >>> 0;
}
