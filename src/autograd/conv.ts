import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

/**
 * conv2d is bilinear in x and weight. With <y, conv(x, w)> = T(x, w, y), the three ops are T's derivatives
 * with respect to y, x and w, so each op's gradients are the other two.
 */
export const convVjps = {
  conv2d: ({ inputs: [x, w], out, cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2dInputGrad', [g, w!], { geometry }, x!.shape, 'f32', out),
    () => makeValue('conv2dWeightGrad', [x!, g], { geometry }, w!.shape, 'f32', out),
  ],
  conv2dInputGrad: ({ inputs: [dy, w], out, cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2d', [g, w!], { geometry }, dy!.shape, 'f32', out),
    () => makeValue('conv2dWeightGrad', [g, dy!], { geometry }, w!.shape, 'f32', out),
  ],
  conv2dWeightGrad: ({ inputs: [x, dy], out, cotangent: g, attrs: { geometry } }) => [
    () => makeValue('conv2dInputGrad', [dy!, g], { geometry }, x!.shape, 'f32', out),
    () => makeValue('conv2d', [x!, g], { geometry }, dy!.shape, 'f32', out),
  ],
} satisfies Partial<Vjps>;
