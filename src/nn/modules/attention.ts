import { requireFlag, requireProbability } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { floatOperand } from '../../graph/operands.ts';
import { type AttentionOptions, attention } from '../../graph/ops/attention.ts';
import { slice } from '../../graph/ops/movement.ts';
import type { Value } from '../../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { shapeText } from '../../shape.ts';
import { pytorchDefault, xavierUniform, zeros } from '../init.ts';
import { type Layers, within } from '../layers.ts';
import { linear } from '../linear.ts';
import type { Initializer } from '../parameterSpec.ts';
import { linear as linearLayer } from './linear.ts';

/** How `multiHeadAttention` attends; `heads`, `causal`, `mask` and `neighbours` as in `attention`. */
export interface MultiHeadAttentionOptions
  extends Pick<AttentionOptions, 'heads' | 'causal' | 'mask' | 'neighbours'> {
  /** Probability with which a weight is dropped in training; default 0. */
  dropout?: number;
  /** Whether the four projections have biases; default true. */
  bias?: boolean;
  /** Fills a new weight of the projection of the result; default as in PyTorch: uniform in +-1/sqrt(E). */
  outInit?: Initializer;
}

const OPTIONS: OptionNames<MultiHeadAttentionOptions> = {
  heads: true,
  causal: true,
  mask: true,
  neighbours: true,
  dropout: true,
  bias: true,
  outInit: true,
};

/**
 * Queries, keys and values projected, attention in heads, and a projection of the result: q [N, Lq, E], k [N, Lk, K], v [N, Lk, V]
 * -> [N, Lq, E]. Tensors as torch.nn.MultiheadAttention has them: `in_proj_weight` [3E, E], where K or V is not E three called
 * `q_proj_weight` [E, E], `k_proj_weight` [E, K] and `v_proj_weight` [E, V]; `in_proj_bias`, `out_proj.weight`, `out_proj.bias`.
 */
export function multiHeadAttention(
  layers: Layers,
  name: string,
  q: Value,
  k: Value,
  v: Value,
  options: MultiHeadAttentionOptions,
  ...extra: never[]
): Value {
  const op = 'multiHeadAttention';
  refuseExtra(op, extra);
  requireOptions(op, options, OPTIONS);
  const { heads, causal, mask, neighbours, dropout = 0, bias = true, outInit = pytorchDefault } = options;
  requireProbability(op, 'dropout', dropout);
  requireFlag(op, 'bias', bias);
  const tokens = { q: floatOperand(op, 'q', q), k: floatOperand(op, 'k', k), v: floatOperand(op, 'v', v) };
  for (const [operand, { shape }] of Object.entries(tokens)) {
    if (shape.length === 3 && shape[2]! > 0) continue;
    throw new ShapeError(`${op}: ${operand} expects [N, L, E], got ${shapeText(shape)}`);
  }
  const width = q.shape[2]!;
  return within(layers, name, (inner) => {
    const weights = projections(inner, width, k.shape[2]!, v.shape[2]!);
    const offset = bias ? inner.parameter('in_proj_bias', [3 * width], zeros) : undefined;
    const project = (x: Value, part: number): Value =>
      linear(x, weights(part), offset && slice(offset, [rowsOf(part, width)]));
    const found = attention(project(q, 0), project(k, 1), project(v, 2), {
      heads,
      ...(causal !== undefined && { causal }),
      mask: mask ?? null,
      neighbours: neighbours ?? null,
      dropout: inner.training && dropout > 0 ? { p: dropout, ...inner.random() } : null,
    });
    return linearLayer(inner, 'out_proj', found, width, { bias, weightInit: outInit, biasInit: zeros });
  });
}

const rowsOf = (part: number, width: number): { start: number; end: number } => ({
  start: part * width,
  end: (part + 1) * width,
});

/** The weights of queries, keys and values (0 to 2): parts of one tensor where all are E wide. */
function projections(
  inner: Layers,
  width: number,
  ofKeys: number,
  ofValues: number,
): (part: number) => Value {
  if (ofKeys === width && ofValues === width) {
    // One matrix for all three, as it is initialised and published.
    const all = inner.parameter('in_proj_weight', [3 * width, width], xavierUniform);
    return (part) => slice(all, [rowsOf(part, width)]);
  }
  const each = [
    ['q_proj_weight', width],
    ['k_proj_weight', ofKeys],
    ['v_proj_weight', ofValues],
  ] as const;
  const weights = each.map(([name, features]) => inner.parameter(name, [width, features], xavierUniform));
  return (part) => weights[part]!;
}
