import { type AttentionOptions, attention, type Neighbours } from '../graph/ops/attention.ts';
import { constant } from '../graph/value.ts';
import type { Shape } from '../shape.ts';
import { attentionRef } from './reference/attention.ts';
import { type SampleInput, type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case {
  readonly label: string;
  readonly q: Shape;
  readonly k: Shape;
  readonly heads: number;
  readonly neighbours?: Neighbours;
  readonly p?: number;
  /** v's shape; default k's. */
  readonly v?: Shape;
  readonly keyHeads?: number;
  readonly causal?: boolean;
  /** Shape of a mask, of which some places are -infinity. */
  readonly mask?: Shape;
}

const CASES: readonly [Case, ...Case[]] = [
  { label: 'channels that fill no vector', q: [2, 29, 21], k: [2, 31, 21], heads: 3 },
  {
    label: 'one query table for all images, neighbours, dropout',
    q: [1, 35, 128],
    k: [2, 35, 128],
    heads: 4,
    neighbours: { height: 5, width: 7, window: 3 },
    p: 0.1,
  },
  { label: 'one token, one channel', q: [1, 1, 1], k: [1, 1, 1], heads: 1 },
  { label: 'more channels than lanes hold', q: [1, 9, 36], k: [1, 10, 36], heads: 1 },
  { label: 'several blocks of a texture', q: [2, 50, 64], k: [2, 33, 64], heads: 2 },
  {
    label: 'neighbours that hide everything from some',
    q: [1, 12, 8],
    k: [1, 12, 8],
    heads: 2,
    neighbours: { height: 3, width: 4, window: 5 },
  },
  { label: 'causal, several blocks', q: [2, 93, 64], k: [2, 93, 64], heads: 2, causal: true },
  { label: 'causal, fewer keys than queries', q: [1, 67, 6], k: [1, 5, 6], heads: 2, causal: true },
  {
    label: 'a mask for each head, causal, dropout',
    ...{ q: [2, 19, 8], k: [2, 23, 8], heads: 2, causal: true, p: 0.2, mask: [2, 19, 23] },
  },
  {
    label: 'causal, with neighbours',
    ...{ q: [1, 35, 12], k: [1, 35, 12], heads: 2, causal: true },
    neighbours: { height: 5, width: 7, window: 3 },
  },
  { label: 'a mask for each image and key', q: [1, 45, 64], k: [2, 37, 64], heads: 2, mask: [2, 1, 1, 37] },
  {
    label: 'shared heads of keys, wider values',
    ...{ q: [2, 11, 24], k: [2, 13, 8], v: [2, 13, 14], heads: 6, keyHeads: 2 },
  },
  { label: 'narrower values', q: [1, 11, 24], k: [1, 13, 24], v: [1, 13, 6], heads: 3 },
];

/** A third of all places hidden, and all of the first query's or key's. */
const masking = (shape: Shape): SampleInput => ({
  shape,
  fill: (uniform, flat) =>
    uniform < 0.33 || flat < shape.at(-1)! / 4 ? Number.NEGATIVE_INFINITY : uniform * 4 - 2,
  differentiable: false,
});

const SEED = [0x12345678, 0x9abc] as const;
const [STEP, SITE] = [7, 3];

export const attentionSpecs = {
  attention: {
    doctor: 2,
    // The zero weights of causally hidden keys meet their values in some blocks.
    specials: 'spread',
    samples: samplesOf(CASES, ({ label, q, k, v = k, heads, keyHeads, neighbours, causal, mask, p }) => {
      const key = constant([...SEED, STEP, 0], [4], 'u32');
      const options: AttentionOptions = {
        ...{ heads, keyHeads, neighbours, causal },
        dropout: p ? { p, key, site: SITE } : null,
      };
      const dropout = p ? { p, seed: SEED, step: STEP, site: SITE } : undefined;
      return {
        label: `${label}: q [${q}], k [${k}], ${heads} heads`,
        inputs: [...shaped(q, k, v), ...(mask ? [masking(mask)] : [])],
        run: (a, b, c, m) => attention(a, b, c, { ...options, mask: m }),
        reference: (a, b, c, m) =>
          attentionRef(a, b, c, { heads, keyHeads, neighbours, causal, dropout, mask: m }),
      };
    }),
  },
} as const satisfies SpecTable;
