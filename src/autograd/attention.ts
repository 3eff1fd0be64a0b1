import {
  type AttentionAttrs,
  type AttentionBackward,
  attentionKeyValueGrad,
  attentionLogSum,
  type attentionOps,
  attentionQueryGrad,
} from '../graph/ops/attention.ts';
import { reshape } from '../graph/ops/movement.ts';
import { mul } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { VjpTable } from './rule.ts';

export const attentionVjps: VjpTable<typeof attentionOps> = {
  /**
   * With P the weights, D what dropout made of them, g the cotangent: dv = D^T g, dS = P (D'(g v^T) - <g, out>),
   * dq = dS k scale, dk = dS^T q scale. P is computed again from q, k and each row's log of the sum.
   */
  attention({ inputs: [q, k, v, ...draws], out, cotangent, attrs }) {
    const how = attrs as unknown as AttentionAttrs;
    const [n, tokens, channels] = out.shape as [number, number, number];
    const byHead = [n, tokens, how.heads, channels / how.heads];
    const dots = sum(reshape(mul(cotangent, out), byHead), { axes: [3] });
    const logSum = attentionLogSum(q!, k!, how);
    const backward: AttentionBackward = { q: q!, k: k!, v: v!, cotangent, logSum, dots, draws };
    let both: ReturnType<typeof attentionKeyValueGrad> | undefined;
    const keyValue = () => {
      both ??= attentionKeyValueGrad(backward, how);
      return both;
    };
    return [
      () => attentionQueryGrad(backward, how),
      () => keyValue().dk,
      () => keyValue().dv,
      ...draws.map(() => null),
    ];
  },
};
