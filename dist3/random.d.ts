/** Four 32-bit words: Philox's counter, and what it yields. */
export type Words4 = readonly [number, number, number, number];
/** Two 32-bit words: Philox's key. */
export type Words2 = readonly [number, number];
/**
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011): four
 * random words that depend on (counter, key) alone. Words are unsigned 32-bit integers.
 */
export declare function philox(counter: Words4, key: Words2): [number, number, number, number];
/**
 * A sequence of random numbers fixed by (seed, stream). Streams of one seed are independent, so give each
 * consumer its own number instead of passing one generator around: then adding a draw in one place moves
 * nothing in another.
 */
export declare class RandomStream {
    #private;
    /** `seed`: integer in [0, 2^53). `stream`: integer in [0, 2^32). @throws RangeError outside. */
    constructor(seed: number, stream?: number);
    /** A uniform 32-bit word. */
    word(): number;
    /** Uniform in [0, 1), a multiple of 2^-32. */
    next(): number;
    /** Uniform in [low, high). */
    between(low: number, high: number): number;
    /** Standard normal (Box and Muller; the second of each pair is kept for the next call). */
    normal(): number;
    /** Uniform integer in [0, n), without bias. `n`: integer in [1, 2^32]. @throws RangeError outside. */
    integer(n: number): number;
    /** Uniform over all orders, in place (Fisher and Yates); returns the same array. */
    shuffle<T>(items: T[]): T[];
}
