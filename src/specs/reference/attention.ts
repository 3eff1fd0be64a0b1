import type { Neighbours } from '../../graph/ops/attention.ts';
import { philox } from '../../random.ts';
import { broadcastAt, build, roundingScale, type Tensor64 } from './tensor64.ts';

export interface AttentionRefOptions {
  readonly heads: number;
  /** Heads of k and v; default `heads`. */
  readonly keyHeads?: number;
  readonly neighbours?: Neighbours;
  readonly causal?: boolean;
  /** Broadcasts to [N, heads, Lq, Lk]. */
  readonly mask?: Tensor64;
  /** Seed (two words), step and site of the weights that are dropped with probability p. */
  readonly dropout?: { p: number; seed: readonly [number, number]; step: number; site: number };
}

/** softmax(q k^T / sqrt(depth) + mask) v for each head, as the definition reads: [N, Lq, heads times v's width of a head]. */
export function attentionRef(
  q: Tensor64,
  k: Tensor64,
  v: Tensor64,
  { heads, keyHeads = heads, neighbours, causal = false, mask, dropout }: AttentionRefOptions,
): Tensor64 {
  const [n, keys, keyChannels] = k.shape as [number, number, number];
  const [, queries, channels] = q.shape as [number, number, number];
  const depth = channels / heads;
  const width = v.shape[2]! / keyHeads;
  const keyHead = (head: number): number => Math.floor((head * keyHeads) / heads);
  const masked = (image: number, head: number, i: number, j: number): number =>
    mask ? broadcastAt(mask, [image, head, i, j].slice(4 - mask.shape.length)) : 0;
  const hidden = (image: number, head: number, i: number, j: number): boolean =>
    (neighbours !== undefined && hides(neighbours, i, j)) ||
    (causal && j > i) ||
    masked(image, head, i, j) === Number.NEGATIVE_INFINITY;
  const rows = new Map<string, Float64Array>();
  const weightsOf = (image: number, head: number, i: number): Float64Array => {
    const name = `${image} ${head} ${i}`;
    const known = rows.get(name);
    if (known) return known;
    const products = Float64Array.from({ length: keys }, (_, j) => {
      if (hidden(image, head, i, j)) return Number.NEGATIVE_INFINITY;
      const own = ((q.shape[0] === 1 ? 0 : image) * queries + i) * channels;
      const other = (image * keys + j) * keyChannels + keyHead(head) * depth;
      let product = 0;
      for (let c = 0; c < depth; c++) product += q.data[own + head * depth + c]! * k.data[other + c]!;
      return product / Math.sqrt(depth) + masked(image, head, i, j);
    });
    // Beside a mask a score of -infinity hides like the mask's own.
    const alone = products.every(
      (each, j) => hidden(image, head, i, j) || (mask && each === Number.NEGATIVE_INFINITY),
    );
    const most = Math.max(...products);
    const powers = products.map((each, j) => (hidden(image, head, i, j) ? 0 : Math.exp(each - most)));
    const total = powers.reduce((sum, each) => sum + each, 0);
    const weights = powers.map((each, j) => {
      if (alone) return 0;
      if (!dropout) return each / total;
      const { p, seed, step, site } = dropout;
      const words = philox([image * heads + head, site, step, 1], seed);
      return keeps(i * keys + j, words, p) ? each / total / (1 - p) : 0;
    });
    rows.set(name, weights);
    return weights;
  };
  const magnitude: number[] = [];
  const out = build([n, queries, heads * width], ([image, i, c]) => {
    const head = Math.floor(c! / width);
    const weights = weightsOf(image!, head, i!);
    const channel = keyHead(head) * width + (c! % width);
    let sum = 0;
    let size = 0;
    weights.forEach((weight, j) => {
      // Kernels do not read what no query of a block may see; other zero weights meet their values.
      if (causal && j > i!) return;
      const term = weight * v.data[(image! * keys + j) * v.shape[2]! + channel]!;
      sum += term;
      size += Math.abs(term);
    });
    // Errors of a product of queries and keys reach the weights as they are.
    magnitude.push(roundingScale(Math.max(1, size), keys) + size * depth);
    return sum;
  });
  return { ...out, magnitude: Float64Array.from(magnitude) };
}

/** Whether token i may not see token j. */
export function hides({ width, window }: Neighbours, i: number, j: number): boolean {
  const half = (window - 1) / 2;
  const down = Math.abs(Math.floor(i / width) - Math.floor(j / width));
  return down <= half && Math.abs((i % width) - (j % width)) <= half;
}

/** Twin of `keeps` in kernels/attentionFrame.ts. */
export function keeps(element: number, words: readonly number[], p: number): boolean {
  let x = (element + words[0]!) >>> 0;
  x = (Math.imul(x ^ (x >>> 16), 0x85ebca6b) ^ words[1]!) >>> 0;
  x = (Math.imul(x ^ (x >>> 13), 0xc2b2ae35) ^ words[2]!) >>> 0;
  return (x ^ (x >>> 16)) >>> 0 >= Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32));
}
