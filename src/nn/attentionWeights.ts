import {
  type AttentionOptions,
  attending,
  forEachHead,
  headsFirst,
  hiddenKeys,
  maskOperand,
} from '../graph/ops/attention.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { add, scale, where } from '../graph/ops/pointwise.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { softmax } from './softmax.ts';

/** Those options of `attention` that its weights follow from. */
export type AttentionWeightsOptions = Pick<
  AttentionOptions,
  'heads' | 'keyHeads' | 'scale' | 'causal' | 'mask'
>;

const OPTIONS: OptionNames<AttentionWeightsOptions> = {
  heads: true,
  keyHeads: true,
  scale: true,
  causal: true,
  mask: true,
};

/**
 * softmax(q k^T scale + mask), the weights that `attention` gives to each value: q [N, Lq, E], k [N, Lk, K] -> [N, heads, Lq,
 * Lk]. A query that may see nothing has NaN.
 */
export function attentionWeights(
  q: Operand,
  k: Operand,
  options: AttentionWeightsOptions,
  ...extra: never[]
): Value {
  const op = 'attentionWeights';
  refuseExtra(op, extra);
  requireOptions(op, options, OPTIONS);
  const { heads, keyHeads = heads, mask = null } = options;
  const { query, keys, scale: factor, causal } = attending(op, q, k, options);
  const headsOf = (x: Value): Value => headsFirst(x, heads);
  const shared = forEachHead(keys, keyHeads, heads);
  const products = scale(matmul(headsOf(query), headsOf(shared), { transposeB: true }), factor);
  const masked = mask === null ? products : add(products, maskOperand(op, mask, products.shape));
  const [queries, count] = products.shape.slice(-2) as [number, number];
  return softmax(causal ? where(hiddenKeys(queries, count), Number.NEGATIVE_INFINITY, masked) : masked);
}
