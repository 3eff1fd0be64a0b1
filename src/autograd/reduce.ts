import { broadcastTo, div, equal, mul, scale, where } from '../graph/ops/pointwise.ts';
import { prod, sum } from '../graph/ops/reduce.ts';
import type { Vjps } from './rule.ts';

export const reduceVjps = {
  /**
   * sum: the cotangent everywhere. prod: times the product of the others, which a single 0 gets too. max, min: shared
   * evenly by the elements that equal the extreme.
   */
  reduce({ inputs: [x], out, cotangent: g, attrs: { kind, axes, factor } }) {
    if (kind === 'sum') return [() => broadcastTo(scale(g, factor), x!.shape)];
    if (kind === 'prod') {
      return [
        () => {
          const over = { axes, keepDims: true };
          const zero = equal(x!, 0);
          const zeros = sum(zero, over);
          const others = where(zero, 1, x!);
          const product = prod(others, over);
          const atZero = where(equal(zeros, 1), product, 0);
          const elsewhere = where(zeros, 0, div(product, others));
          return mul(g, where(zero, atZero, elsewhere));
        },
      ];
    }
    return [
      () => {
        const hits = equal(x!, out);
        return mul(hits, div(g, sum(hits, { axes, keepDims: true })));
      },
    ];
  },
} satisfies Partial<Vjps>;
