import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

/**
 * conv2d is bilinear in x and weight. With <y, conv(x, w)> = T(x, w, y), the three ops are T's derivatives
 * with respect to y, x and w, so each op's gradients are the other two.
 */
export const convVjps = {
  conv2d: ({ inputs: [x, w], cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2dInputGrad', [g, w!], { geometry }, x!.shape),
    () => makeValue('conv2dWeightGrad', [x!, g], { geometry }, w!.shape),
  ],
  conv2dInputGrad: ({ inputs: [dy, w], cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2d', [g, w!], { geometry }, dy!.shape),
    () => makeValue('conv2dWeightGrad', [g, dy!], { geometry }, w!.shape),
  ],
  conv2dWeightGrad: ({ inputs: [x, dy], cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2dInputGrad', [dy!, g], { geometry }, x!.shape),
    () => makeValue('conv2d', [x!, g], { geometry }, dy!.shape),
  ],
} satisfies Partial<Vjps>;
