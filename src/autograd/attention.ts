import { WgadError } from '../errors.ts';
import { type AttentionAttrs, headsFirst, hiddenKeys } from '../graph/ops/attention.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { part, permute } from '../graph/ops/movement.ts';
import { add, exp, mul, scale, sub, where } from '../graph/ops/pointwise.ts';
import { slabOffsets, slabView } from '../graph/ops/slab.ts';
import { makeValue, type Value } from '../graph/value.ts';
import { product } from '../shape.ts';
import type { Vjps } from './rule.ts';

export const attentionVjps = {
  /**
   * With P the weights, D what dropout made of them, g the cotangent: dv = D^T g, dS = P (D'(g v^T) - <g, out>),
   * dq = dS k scale, dk = dS^T q scale. P is computed again from q, k and each row's log of the sum.
   */
  attention({ inputs: [q, k, v, ...others], out, cotangent: g, attrs }) {
    const masks = others.slice(0, attrs.masked ? 1 : 0);
    const draws = others.slice(masks.length);
    // Per query and head, what both gradients need, in one array: WebGPU guarantees only eight bindings.
    const rows = makeValue(
      'attentionRows',
      [q!, k!, g, out, ...masks],
      { ...attrs, dropout: 0 },
      [...out.shape.slice(0, 2), attrs.heads, 2],
      'f32',
      out,
    );
    const inputs = [q!, k!, v!, g, rows, ...masks, ...draws];
    const size = product(k!.shape);
    const { offsets } = slabOffsets([size, size]);
    let both: Value | undefined;
    const keyOrValue = (which: 0 | 1): Value => {
      both ??= makeValue('attentionKeyValueGrad', inputs, attrs, [offsets[1]! + size], 'f32', out);
      return slabView(both, offsets[which]!, k!.shape);
    };
    return [
      // One per image even if q has a batch of 1: the sweep sums them.
      () => makeValue('attentionQueryGrad', inputs, attrs, g.shape, 'f32', out),
      () => keyOrValue(0),
      () => keyOrValue(1),
      ...masks.map((mask) => () => maskGrad({ q: q!, k: k!, v: v!, g, rows, mask, attrs })),
      ...draws.map(() => null),
    ];
  },
} satisfies Partial<Vjps>;

/** dS of the note above; the sweep sums it to the mask's shape. Its weights stand in memory: few masks have a derivative. */
function maskGrad({
  q,
  k,
  v,
  g,
  rows,
  mask,
  attrs,
}: Readonly<Record<'q' | 'k' | 'v' | 'g' | 'rows' | 'mask', Value>> & { attrs: AttentionAttrs }): Value {
  if (attrs.dropout > 0) {
    throw new WgadError('E_CONFIG', 'attention: with dropout no derivative flows to its mask', {
      fix: 'wrap the mask in stopGradient, or drop weights elsewhere',
    });
  }
  const { heads } = attrs;
  const headsOf = (x: Value): Value => headsFirst(x, heads);
  // [N, Lq, heads, 2] to two of [N, heads, Lq, 1].
  const [log, dot] = [0, 1].map((which) => permute(part(rows, 3, which, 1), [0, 2, 1, 3])) as [Value, Value];
  const products = scale(matmul(headsOf(q), headsOf(k), { transposeB: true }), attrs.scale);
  const weights = exp(sub(add(products, mask), log));
  const [queries, keys] = products.shape.slice(-2) as [number, number];
  const seen = attrs.causal ? where(hiddenKeys(queries, keys), 0, weights) : weights;
  return mul(seen, sub(matmul(headsOf(g), headsOf(v), { transposeB: true }), dot));
}
