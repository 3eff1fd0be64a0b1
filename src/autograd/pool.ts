import { avgPool2d, type poolOps } from '../graph/ops/pool.ts';
import { makeValue } from '../graph/value.ts';
import type { VjpTable } from './rule.ts';

export const poolVjps: VjpTable<typeof poolOps> = {
  maxPool2d: ({ inputs: [x], cotangent, attrs }) => [
    () => makeValue('maxPool2dGrad', [x!, cotangent], attrs, x!.shape),
  ],
  // Which element is the largest does not move with x.
  maxPool2dGrad: ({ inputs: [x, dy], cotangent, attrs }) => [
    null,
    () => makeValue('maxPool2dPick', [x!, cotangent], attrs, dy!.shape),
  ],
  maxPool2dPick: ({ inputs: [x], cotangent, attrs }) => [
    null,
    () => makeValue('maxPool2dGrad', [x!, cotangent], attrs, x!.shape),
  ],
  avgPool2d: ({ inputs: [x], cotangent, attrs }) => [
    () => makeValue('avgPool2dGrad', [cotangent], attrs, x!.shape),
  ],
  avgPool2dGrad: ({ cotangent, attrs }) => [() => avgPool2d(cotangent, attrs.window)],
};
