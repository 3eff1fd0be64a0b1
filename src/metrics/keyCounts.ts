import { quantised } from './exactSum.ts';

/**
 * How often each score occurred, split by label: all that a pixel metric needs, whatever the number of pixels. Sums are
 * exact, so counts of some images and of others add up to the counts of all, in any order.
 */
export interface KeyCounts {
  /** Ascending; they order as the scores do. */
  readonly keys: Uint32Array;
  /** Summed weights of the anomalous pixels, per key: in units of 2^-20, */
  readonly wholes: Float64Array;
  /** and what is left of them in units of 2^-52. */
  readonly rests: Uint32Array;
  /** Number of normal pixels, per key: integers beyond 2^32 are possible, beyond 2^53 are not. */
  readonly negatives: Float64Array;
  /** Low bits of the scores that were dropped to stay within the bound: 0 means exact. */
  readonly droppedBits: number;
}

export interface KeyCounter {
  /** One pixel by the bits of its float32 score. */
  normal(bits: number): void;
  /** `weight`: 0 to 1, counted to the nearest multiple of 2^-52. */
  anomalous(bits: number, weight: number): void;
  /** Counts of other images. */
  join(counts: KeyCounts): void;
  finish(): KeyCounts;
}

/** Pixels of a kind kept before they are folded into counts. It grows with the counts, so folding stays linear. */
const FIRST_BATCH = 1 << 18;
/** A key of 32 bits and a place in the batch make a float64's 53. */
const LARGEST_BATCH = 1 << 21;
/** Above all keys. */
const END = 2 ** 32;
const WHOLE = 2 ** 20;
const RESTS = 2 ** 32;

/**
 * Scores become integers that order like the floats, and equal keys are counted. 24 bytes for each distinct score.
 * @param mostKeys where more distinct scores than this occur, their low bits are dropped, one at a time, until they fit.
 */
export function keyCounter(mostKeys = Number.POSITIVE_INFINITY): KeyCounter {
  let counts = noCounts(0);
  let droppedBits = 0;
  let normal = new Uint32Array(FIRST_BATCH);
  let anomalous = new Float64Array(FIRST_BATCH);
  let weights = new Float64Array(FIRST_BATCH);
  let normals = 0;
  let anomalies = 0;
  const join = (others: Counts): void => {
    counts = merged(counts, others);
    while (counts.keys.length > mostKeys) {
      counts = coarser(counts, 1);
      droppedBits += 1;
    }
  };
  const fold = (): void => {
    join(counted(normal.subarray(0, normals).sort(), anomalous.subarray(0, anomalies).sort(), weights));
    normals = 0;
    anomalies = 0;
    if (counts.keys.length > 2 * normal.length && normal.length < LARGEST_BATCH) {
      normal = new Uint32Array(2 * normal.length);
      anomalous = new Float64Array(normal.length);
      weights = new Float64Array(normal.length);
    }
  };
  return {
    normal(bits) {
      normal[normals++] = orderedKey(bits) >>> droppedBits;
      if (normals === normal.length) fold();
    },
    anomalous(bits, weight) {
      weights[anomalies] = weight;
      anomalous[anomalies] = (orderedKey(bits) >>> droppedBits) * LARGEST_BATCH + anomalies;
      anomalies += 1;
      if (anomalies === anomalous.length) fold();
    },
    join(others) {
      // The keys of a batch are of the old resolution.
      fold();
      const more = others.droppedBits - droppedBits;
      if (more > 0) {
        counts = coarser(counts, more);
        droppedBits += more;
      }
      join(more < 0 ? coarser(others, -more) : others);
    },
    finish() {
      fold();
      return { ...counts, droppedBits };
    },
  };
}

/** Summed weights of the anomalous pixels, per key, each to the nearest number. */
export const positivesOf = ({ wholes, rests }: KeyCounts): Float64Array =>
  wholes.map((whole, i) => whole / WHOLE + rests[i]! / (WHOLE * RESTS));

type Counts = Omit<KeyCounts, 'droppedBits'>;

const noCounts = (length: number): Counts => ({
  keys: new Uint32Array(length),
  wholes: new Float64Array(length),
  rests: new Uint32Array(length),
  negatives: new Float64Array(length),
});

const firstOf = ({ keys, wholes, rests, negatives }: Counts, length: number): Counts => ({
  keys: keys.slice(0, length),
  wholes: wholes.slice(0, length),
  rests: rests.slice(0, length),
  negatives: negatives.slice(0, length),
});

/** Flips all bits of negatives and the sign bit of others; -0 counts as 0. */
const orderedKey = (bits: number): number =>
  bits === 0x80000000 ? 0x80000000 : bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;

/** Adds to the sum of a key. */
function addWeight({ wholes, rests }: Counts, i: number, whole: number, rest: number): void {
  const sum = rests[i]! + rest;
  const carry = sum >= RESTS ? 1 : 0;
  wholes[i]! += whole + carry;
  rests[i] = sum - carry * RESTS;
}

/** The counts of two sorted lists. `anomalous` packs a key and the place of its weight. */
function counted(normal: Uint32Array, anomalous: Float64Array, weights: Float64Array): Counts {
  const counts = noCounts(normal.length + anomalous.length);
  let [a, b, n] = [0, 0, 0];
  const keyAt = (i: number): number =>
    i < anomalous.length ? Math.floor(anomalous[i]! / LARGEST_BATCH) : END;
  let next = keyAt(0);
  for (;;) {
    const key = Math.min(normal[b] ?? END, next);
    if (key === END) return firstOf(counts, n);
    counts.keys[n] = key;
    for (; normal[b] === key; b++) counts.negatives[n]! += 1;
    while (next === key) {
      const { whole, rest } = quantised(weights[anomalous[a]! % LARGEST_BATCH]!);
      addWeight(counts, n, whole, rest);
      next = keyAt(++a);
    }
    n += 1;
  }
}

/** Equal keys added up. */
function merged(one: Counts, other: Counts): Counts {
  if (one.keys.length === 0 || other.keys.length === 0) return one.keys.length === 0 ? other : one;
  const counts = noCounts(one.keys.length + other.keys.length);
  let [a, b, n] = [0, 0, 0];
  for (;;) {
    const key = Math.min(one.keys[a] ?? END, other.keys[b] ?? END);
    if (key === END) return firstOf(counts, n);
    counts.keys[n] = key;
    if (one.keys[a] === key) addCount(counts, n, one, a++);
    if (other.keys[b] === key) addCount(counts, n, other, b++);
    n += 1;
  }
}

function addCount(counts: Counts, n: number, from: Counts, i: number): void {
  addWeight(counts, n, from.wholes[i]!, from.rests[i]!);
  counts.negatives[n]! += from.negatives[i]!;
}

/** Without the lowest `bits` of every key. */
function coarser(from: Counts, bits: number): Counts {
  const counts = noCounts(from.keys.length);
  let n = -1;
  for (let i = 0; i < from.keys.length; i++) {
    const key = from.keys[i]! >>> bits;
    if (n < 0 || counts.keys[n] !== key) counts.keys[++n] = key;
    addCount(counts, n, from, i);
  }
  return firstOf(counts, n + 1);
}
