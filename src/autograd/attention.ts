import { slabOffsets, slabView } from '../graph/ops/slab.ts';
import { makeValue, type Value } from '../graph/value.ts';
import { product } from '../shape.ts';
import type { Vjps } from './rule.ts';

export const attentionVjps = {
  /**
   * With P the weights, D what dropout made of them, g the cotangent: dv = D^T g, dS = P (D'(g v^T) - <g, out>),
   * dq = dS k scale, dk = dS^T q scale. P is computed again from q, k and each row's log of the sum.
   */
  attention({ inputs: [q, k, v, ...draws], out, cotangent: g, attrs }) {
    // Per query and head, what both gradients need, in one array: WebGPU guarantees only eight bindings.
    const rows = makeValue('attentionRows', [q!, k!, g, out], { ...attrs, dropout: 0 }, [
      ...out.shape.slice(0, 2),
      attrs.heads,
      2,
    ]);
    const inputs = [q!, k!, v!, g, rows, ...draws];
    const size = product(k!.shape);
    const { offsets } = slabOffsets([size, size]);
    let both: Value | undefined;
    const keyOrValue = (which: 0 | 1): Value => {
      both ??= makeValue('attentionKeyValueGrad', inputs, attrs, [offsets[1]! + size]);
      return slabView(both, offsets[which]!, k!.shape);
    };
    return [
      // One per image even if q has a batch of 1: the sweep sums them.
      () => makeValue('attentionQueryGrad', inputs, attrs, g.shape),
      () => keyOrValue(0),
      () => keyOrValue(1),
      ...draws.map(() => null),
    ];
  },
} satisfies Partial<Vjps>;
