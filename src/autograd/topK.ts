import { stopGradient } from '../graph/ops/control.ts';
import { equal, mul } from '../graph/ops/pointwise.ts';
import { argmax } from '../graph/ops/reduce.ts';
import { oneHot } from '../graph/ops/select.ts';
import type { topKOps } from '../graph/ops/topK.ts';
import { makeValue } from '../graph/value.ts';
import type { VjpTable } from './rule.ts';

export const topKVjps: VjpTable<typeof topKOps> = {
  /** To the first element that it is. */
  kthLargest: ({ inputs: [x], out, cotangent }) => [
    // Which element it is does not move with x.
    () => mul(stopGradient(oneHot(argmax(equal(x!, out), 1), x!.shape[1]!)), cotangent),
  ],
  takeAlongAxis: ({ inputs: [x, indices], cotangent }) => [
    () => makeValue('takeAlongAxisGrad', [cotangent, indices!], {}, x!.shape),
    null,
  ],
  takeAlongAxisGrad: ({ inputs: [, indices], cotangent }) => [
    () => makeValue('takeAlongAxis', [cotangent, indices!], {}, indices!.shape),
    null,
  ],
};
