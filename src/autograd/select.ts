import { gather, type selectOps } from '../graph/ops/select.ts';
import { makeValue } from '../graph/value.ts';
import type { VjpTable } from './rule.ts';

export const selectVjps: VjpTable<typeof selectOps> = {
  gather: ({ inputs: [x, indices], cotangent }) => [
    () => makeValue('gatherGrad', [cotangent, indices!], {}, x!.shape),
    null,
  ],
  gatherGrad: ({ inputs: [, indices], cotangent }) => [() => gather(cotangent, indices!), null],
};
