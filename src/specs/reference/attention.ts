import type { Neighbours } from '../../graph/ops/attention.ts';
import { philox } from '../../random.ts';
import { build, roundingScale, type Tensor64 } from './tensor64.ts';

export interface AttentionRefOptions {
  readonly heads: number;
  readonly neighbours?: Neighbours;
  /** Seed (two words), step and site of the weights that are dropped with probability p. */
  readonly dropout?: { p: number; seed: readonly [number, number]; step: number; site: number };
}

/** softmax(q k^T / sqrt(depth) + mask) v for each head, as the definition reads: [N, L, heads depth]. */
export function attentionRef(
  q: Tensor64,
  k: Tensor64,
  v: Tensor64,
  { heads, neighbours, dropout }: AttentionRefOptions,
): Tensor64 {
  const [n, keys, channels] = k.shape as [number, number, number];
  const queries = q.shape[1]!;
  const depth = channels / heads;
  const rows = new Map<string, Float64Array>();
  const weightsOf = (image: number, head: number, i: number): Float64Array => {
    const name = `${image} ${head} ${i}`;
    const known = rows.get(name);
    if (known) return known;
    const products = Float64Array.from({ length: keys }, (_, j) => {
      if (neighbours && hides(neighbours, i, j)) return Number.NEGATIVE_INFINITY;
      const own = ((q.shape[0] === 1 ? 0 : image) * queries + i) * channels;
      const other = (image * keys + j) * channels;
      let product = 0;
      for (let c = head * depth; c < (head + 1) * depth; c++)
        product += q.data[own + c]! * k.data[other + c]!;
      return product / Math.sqrt(depth);
    });
    const alone = neighbours !== undefined && products.every((_, j) => hides(neighbours, i, j));
    const most = Math.max(...products);
    const powers = products.map((each, j) =>
      neighbours && hides(neighbours, i, j) ? 0 : Math.exp(each - most),
    );
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
  const out = build([n, queries, channels], ([image, i, c]) => {
    const weights = weightsOf(image!, Math.floor(c! / depth), i!);
    let sum = 0;
    let size = 0;
    weights.forEach((weight, j) => {
      const term = weight * v.data[(image! * keys + j) * channels + c!]!;
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
