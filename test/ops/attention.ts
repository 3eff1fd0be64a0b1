import { type AttentionOptions, attention, type Neighbours } from '../../src/graph/ops/attention.ts';
import { constant, input } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import { attentionRef } from '../../src/specs/reference/attention.ts';
import type { Sample, SpecTable } from './spec.ts';

interface Case {
  readonly label: string;
  readonly q: Shape;
  readonly k: Shape;
  readonly heads: number;
  readonly neighbours?: Neighbours;
  readonly p?: number;
}

const CASES: readonly Case[] = [
  { label: 'one token, one channel', q: [1, 1, 1], k: [1, 1, 1], heads: 1 },
  { label: 'channels that fill no vector', q: [2, 5, 21], k: [2, 7, 21], heads: 3 },
  { label: 'more channels than lanes hold', q: [1, 9, 36], k: [1, 10, 36], heads: 1 },
  { label: 'several blocks of a texture', q: [2, 50, 64], k: [2, 33, 64], heads: 2 },
  {
    label: 'one query table for all images, neighbours, dropout',
    q: [1, 30, 64],
    k: [3, 30, 64],
    heads: 4,
    neighbours: { height: 5, width: 6, window: 3 },
    p: 0.1,
  },
  {
    label: 'neighbours that hide everything from some',
    q: [1, 12, 8],
    k: [1, 12, 8],
    heads: 2,
    neighbours: { height: 3, width: 4, window: 5 },
  },
  { label: 'dropout', q: [2, 19, 64], k: [2, 23, 64], heads: 2, p: 0.3 },
];

const SEED = [0x12345678, 0x9abc] as const;
const [STEP, SITE] = [7, 3];

function sampleOf({ label, q, k, heads, neighbours, p }: Case): Sample {
  const key = constant([...SEED, STEP, 0], [4], 'u32');
  const options: AttentionOptions = { heads, neighbours, dropout: p ? { p, key, site: SITE } : null };
  const dropout = p ? { p, seed: SEED, step: STEP, site: SITE } : undefined;
  return {
    label: `${label}: q [${q}], k [${k}], ${heads} heads`,
    inputs: [{ shape: q }, { shape: k }, { shape: k }],
    run: (a, b, c) => attention(a, b, c, options),
    reference: (a, b, c) => attentionRef(a, b, c, { heads, neighbours, dropout }),
  };
}

const x = input('x', [2, 12, 8]);
const call = (options: Partial<AttentionOptions>, k = x, v = k) =>
  attention(x, k, v, { heads: 2, ...options });

export const attentionSpecs: SpecTable = {
  attention: {
    samples: CASES.map(sampleOf),
    rejects: [
      [
        () => call({}, input('k', [3, 12, 8])),
        'attention: q expects [3 or 1, tokens, 8] to match k [3, 12, 8], got [2, 12, 8]',
      ],
      [
        () => call({}, x, input('v', [2, 11, 8])),
        'attention: v expects [2, 12, 8] (the shape of k), got [2, 11, 8]',
      ],
      [() => call({ heads: 3 }), 'attention: heads expects a divisor of 8 channels, got 3'],
      [
        () =>
          attention(input('q', [1, 2, 300]), input('k', [1, 2, 300]), input('v', [1, 2, 300]), { heads: 1 }),
        'attention: heads expects at most 256 channels each, got 300',
      ],
      [
        () => call({ neighbours: { height: 3, width: 5, window: 3 } }),
        'attention: neighbours of 3x5 expect 15 queries and keys, got 12 and 12',
      ],
      [
        () => call({ neighbours: { height: 3, width: 4, window: 2 } }),
        'attention: window expects an odd number, got 2',
      ],
      [
        () => call({ dropout: { p: 1, key: input('key', [4], 'u32'), site: 1 } }),
        'attention: dropout expects 0 <= p < 1, got 1',
      ],
      [
        () => call({ dropout: { p: 0.1, key: input('key', [4]), site: 1 } }),
        'attention: key expects u32 [4], got f32 [4]',
      ],
    ],
  },
};
