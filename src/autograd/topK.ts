import type { topKOps } from '../graph/ops/topK.ts';
import { makeValue } from '../graph/value.ts';
import type { VjpTable } from './rule.ts';

export const topKVjps: VjpTable<typeof topKOps> = {
  takeAlongAxis: ({ inputs: [x, indices], cotangent }) => [
    () => makeValue('takeAlongAxisGrad', [cotangent, indices!], {}, x!.shape),
    null,
  ],
  takeAlongAxisGrad: ({ inputs: [, indices], cotangent }) => [
    () => makeValue('takeAlongAxis', [cotangent, indices!], {}, indices!.shape),
    null,
  ],
};
