import { kthLargest, topK } from '../../graph/ops/topK.ts';
import { topFractionMean } from '../../nn/topFraction.ts';
import { build } from '../../specs/reference/tensor64.ts';
import { type OpCheck, shaped } from './check.ts';

const total = (row: Float64Array): number => row.reduce((a, b) => a + b, 0);

export const topKChecks: readonly OpCheck[] = [
  {
    name: 'kthLargest',
    inputs: shaped([3, 2503]),
    run: (x) => kthLargest(x!, 25),
    reference: (x) =>
      build(
        [3, 1],
        ([n]) =>
          x.data
            .slice(n! * 2503, (n! + 1) * 2503)
            .sort()
            .at(-25)!,
      ),
  },
  {
    name: 'topFractionMean',
    inputs: shaped([3, 53, 47]),
    run: (x) => topFractionMean(x!, 0.01),
    reference: (x) =>
      build(
        [3],
        ([n]) =>
          total(
            x.data
              .slice(n! * 2491, (n! + 1) * 2491)
              .sort()
              .subarray(2491 - 24),
          ) / 24,
      ),
  },
  {
    name: 'topK',
    inputs: shaped([3, 2503]),
    run: (x) => topK(x!, 25).values,
    reference: (x) =>
      build(
        [3, 25],
        ([n, i]) =>
          x.data
            .slice(n! * 2503, (n! + 1) * 2503)
            .sort()
            .at(-1 - i!)!,
      ),
  },
];
