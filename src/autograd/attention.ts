import {
  type AttentionBackward,
  attentionKeyValueGrad,
  type attentionOps,
  attentionQueryGrad,
  attentionRows,
} from '../graph/ops/attention.ts';
import type { VjpTable } from './rule.ts';

export const attentionVjps: VjpTable<typeof attentionOps> = {
  /**
   * With P the weights, D what dropout made of them, g the cotangent: dv = D^T g, dS = P (D'(g v^T) - <g, out>),
   * dq = dS k scale, dk = dS^T q scale. P is computed again from q, k and each row's log of the sum.
   */
  attention({ inputs: [q, k, v, ...draws], out, cotangent, attrs }) {
    const rows = attentionRows(q!, k!, cotangent, out, attrs);
    const backward: AttentionBackward = { q: q!, k: k!, v: v!, cotangent, rows, draws };
    let both: ReturnType<typeof attentionKeyValueGrad> | undefined;
    const keyValue = () => {
      both ??= attentionKeyValueGrad(backward, attrs);
      return both;
    };
    return [
      () => attentionQueryGrad(backward, attrs),
      () => keyValue().dk,
      () => keyValue().dv,
      ...draws.map(() => null),
    ];
  },
};
