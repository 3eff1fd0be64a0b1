/** How often each score occurred, split by label: all that a pixel metric needs, whatever the number of pixels. */
export interface KeyCounts {
  /** Ascending; they order as the scores do. */
  readonly keys: Uint32Array;
  /** Summed weights of the anomalous pixels, per key. */
  readonly positives: Float64Array;
  /** Number of normal pixels, per key: integers beyond 2^32 are possible, beyond 2^53 are not. */
  readonly negatives: Float64Array;
  /** Low bits of the scores that were dropped to stay within the bound: 0 means exact. */
  readonly droppedBits: number;
}

export interface KeyCounter {
  /** One pixel by the bits of its float32 score. */
  normal(bits: number): void;
  anomalous(bits: number, weight: number): void;
  finish(): KeyCounts;
}

/** Pixels of a kind kept before they are folded into counts. It grows with the counts, so folding stays linear. */
const FIRST_BATCH = 1 << 18;
/** A key of 32 bits and a place in the batch make a float64's 53. */
const LARGEST_BATCH = 1 << 21;

/**
 * Scores become integers that order like the floats, and equal keys are counted. 20 bytes for each distinct score.
 * @param mostKeys where more distinct scores than this occur, their low bits are dropped, one at a time, until they fit.
 */
export function keyCounter(mostKeys = Number.POSITIVE_INFINITY): KeyCounter {
  let counts = { keys: new Uint32Array(0), positives: new Float64Array(0), negatives: new Float64Array(0) };
  let droppedBits = 0;
  let normal = new Uint32Array(FIRST_BATCH);
  let anomalous = new Float64Array(FIRST_BATCH);
  let weights = new Float64Array(FIRST_BATCH);
  let normals = 0;
  let anomalies = 0;
  const fold = (): void => {
    counts = merge(
      counts,
      normal.subarray(0, normals).sort(),
      anomalous.subarray(0, anomalies).sort(),
      weights,
    );
    normals = 0;
    anomalies = 0;
    while (counts.keys.length > mostKeys) {
      counts = halve(counts);
      droppedBits += 1;
    }
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
    finish() {
      fold();
      return { ...counts, droppedBits };
    },
  };
}

type Counts = Omit<KeyCounts, 'droppedBits'> & { keys: Uint32Array<ArrayBuffer> } & Record<
    'positives' | 'negatives',
    Float64Array<ArrayBuffer>
  >;

/** Flips all bits of negatives and the sign bit of others; -0 counts as 0. */
const orderedKey = (bits: number): number =>
  bits === 0x80000000 ? 0x80000000 : bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;

/** Three sorted lists into one, equal keys added up. `anomalous` packs a key and the place of its weight. */
function merge(old: Counts, normal: Uint32Array, anomalous: Float64Array, weights: Float64Array): Counts {
  const most = old.keys.length + normal.length + anomalous.length;
  const keys = new Uint32Array(most);
  const positives = new Float64Array(most);
  const negatives = new Float64Array(most);
  let [a, b, c, n] = [0, 0, 0, 0];
  const END = 2 ** 32;
  const keyAt = (i: number): number => Math.floor(anomalous[i]! / LARGEST_BATCH);
  let next = anomalous.length > 0 ? keyAt(0) : END;
  for (;;) {
    const key = Math.min(old.keys[a] ?? END, normal[b] ?? END, next);
    if (key === END) break;
    keys[n] = key;
    if (old.keys[a] === key) {
      positives[n]! += old.positives[a]!;
      negatives[n]! += old.negatives[a]!;
      a += 1;
    }
    for (; normal[b] === key; b++) negatives[n]! += 1;
    while (next === key) {
      positives[n]! += weights[anomalous[c]! % LARGEST_BATCH]!;
      c += 1;
      next = c < anomalous.length ? keyAt(c) : END;
    }
    n += 1;
  }
  return { keys: keys.slice(0, n), positives: positives.slice(0, n), negatives: negatives.slice(0, n) };
}

/** Drops the lowest bit of every key, in place. */
function halve({ keys, positives, negatives }: Counts): Counts {
  let n = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]! >>> 1;
    if (n > 0 && keys[n - 1] === key) {
      positives[n - 1]! += positives[i]!;
      negatives[n - 1]! += negatives[i]!;
      continue;
    }
    keys[n] = key;
    positives[n] = positives[i]!;
    negatives[n] = negatives[i]!;
    n += 1;
  }
  return { keys: keys.slice(0, n), positives: positives.slice(0, n), negatives: negatives.slice(0, n) };
}
