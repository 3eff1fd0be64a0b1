import { broadcastTo, div, equal, mul, scale } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { Vjps } from './rule.ts';

export const reduceVjps = {
  /** sum: the cotangent everywhere. max, min: shared evenly by the elements that equal the extreme. */
  reduce({ inputs: [x], out, cotangent: g, attrs: { kind, axes, factor } }) {
    if (kind === 'sum') return [() => broadcastTo(scale(g, factor), x!.shape)];
    return [
      () => {
        const hits = equal(x!, out);
        return mul(hits, div(g, sum(hits, { axes, keepDims: true })));
      },
    ];
  },
} satisfies Partial<Vjps>;
