import { conv2dInputGrad, conv2dOf, conv2dWeightGrad, type convOps } from '../graph/ops/conv.ts';
import type { VjpTable } from './rule.ts';

/**
 * conv2d is bilinear in x and weight. With <y, conv(x, w)> = T(x, w, y), the three ops are T's derivatives
 * with respect to y, x and w, so each op's gradients are the other two.
 */
export const convVjps: VjpTable<typeof convOps> = {
  conv2d({ inputs: [x, w], cotangent: g, attrs: { geometry } }) {
    return [
      () => conv2dInputGrad(g, w!, geometry, x!.shape),
      () => conv2dWeightGrad(x!, g, geometry, w!.shape),
    ];
  },
  conv2dInputGrad({ inputs: [dy, w], cotangent: g, attrs: { geometry } }) {
    return [() => conv2dOf(g, w!, geometry, dy!.shape), () => conv2dWeightGrad(g, dy!, geometry, w!.shape)];
  },
  conv2dWeightGrad({ inputs: [x, dy], cotangent: g, attrs: { geometry } }) {
    return [() => conv2dInputGrad(dy!, g, geometry, x!.shape), () => conv2dOf(x!, g, geometry, dy!.shape)];
  },
};
