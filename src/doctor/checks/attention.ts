import { attention } from '../../graph/ops/attention.ts';
import { constant } from '../../graph/value.ts';
import { attentionRef } from '../../specs/reference/attention.ts';
import { type OpCheck, shaped } from './check.ts';

const neighbours = { height: 5, width: 7, window: 3 };
const seed = [20_250, 7] as const;

export const attentionChecks: readonly OpCheck[] = [
  {
    name: 'attention',
    inputs: shaped([2, 29, 21], [2, 31, 21], [2, 31, 21]),
    run: (q, k, v) => attention(q!, k!, v!, { heads: 3 }),
    reference: (q, k, v) => attentionRef(q, k, v, { heads: 3 }),
  },
  {
    name: 'attention of what is no neighbour, with dropout',
    inputs: shaped([2, 35, 128], [2, 35, 128], [2, 35, 128]),
    run: (q, k, v) => {
      const key = constant([...seed, 5, 0], [4], 'u32');
      return attention(q!, k!, v!, { heads: 4, neighbours, dropout: { p: 0.1, key, site: 2 } });
    },
    reference: (q, k, v) =>
      attentionRef(q, k, v, { heads: 4, neighbours, dropout: { p: 0.1, seed, step: 5, site: 2 } }),
  },
];
