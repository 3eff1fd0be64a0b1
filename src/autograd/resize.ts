import type { resizeOps } from '../graph/ops/resize.ts';
import { makeValue } from '../graph/value.ts';
import type { VjpTable } from './rule.ts';

/** Linear maps: each is the other's transpose. */
export const resizeVjps: VjpTable<typeof resizeOps> = {
  interpolate: ({ inputs: [x], cotangent, attrs }) => [
    () => makeValue('interpolateGrad', [cotangent], attrs, x!.shape),
  ],
  interpolateGrad: ({ inputs: [dy], cotangent, attrs }) => [
    () => makeValue('interpolate', [cotangent], attrs, dy!.shape),
  ],
};
