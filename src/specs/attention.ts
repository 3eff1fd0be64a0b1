import { type AttentionOptions, attention, type Neighbours } from '../graph/ops/attention.ts';
import { constant } from '../graph/value.ts';
import type { Shape } from '../shape.ts';
import { attentionRef } from './reference/attention.ts';
import { type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case {
  readonly label: string;
  readonly q: Shape;
  readonly k: Shape;
  readonly heads: number;
  readonly neighbours?: Neighbours;
  readonly p?: number;
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
];

const SEED = [0x12345678, 0x9abc] as const;
const [STEP, SITE] = [7, 3];

export const attentionSpecs = {
  attention: {
    doctor: 2,
    samples: samplesOf(CASES, ({ label, q, k, heads, neighbours, p }) => {
      const key = constant([...SEED, STEP, 0], [4], 'u32');
      const options: AttentionOptions = { heads, neighbours, dropout: p ? { p, key, site: SITE } : null };
      const dropout = p ? { p, seed: SEED, step: STEP, site: SITE } : undefined;
      return {
        label: `${label}: q [${q}], k [${k}], ${heads} heads`,
        inputs: shaped(q, k, k),
        run: (a, b, c) => attention(a, b, c, options),
        reference: (a, b, c) => attentionRef(a, b, c, { heads, neighbours, dropout }),
      };
    }),
  },
} as const satisfies SpecTable;
