/** Transformer layers that normalise after each sum, under PyTorch's names. Tokens are [N, L, C]. */
import { attention, type Neighbours } from '../graph/ops/attention.ts';
import { reshape, slice } from '../graph/ops/movement.ts';
import { add, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { drop } from '../nn/dropout.ts';
import { ones, xavierUniform, zeros } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { linear } from '../nn/linear.ts';
import { layerNorm } from '../nn/norm.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';

/** What all layers of a transformer share. */
export interface TransformerConfig {
  /** Heads of each attention; divides the channels. */
  readonly heads: number;
  /** Channels between the two linear layers of a feed-forward part. */
  readonly inner: number;
  /** Dropout of attention weights, and of each residual branch. */
  readonly dropout: number;
  /** Neighbourhood that no token may attend to. */
  readonly neighbours: Neighbours | null;
}

const TRANSFORMER_CONFIG: OptionNames<TransformerConfig> = {
  heads: true,
  inner: true,
  dropout: true,
  neighbours: true,
};

/** Linear layer with a bias of zeros: [..., in] -> [..., out]. */
export const projection = (layers: Layers, name: string, x: Value, out: number, ...extra: never[]): Value => {
  refuseExtra('projection', extra);
  return within(layers, name, (inner) =>
    linear(
      x,
      inner.parameter('weight', [out, x.shape.at(-1)!], xavierUniform),
      inner.parameter('bias', [out], zeros),
    ),
  );
};

/** Layer normalisation of each token. */
export const tokenNorm = (layers: Layers, name: string, x: Value, ...extra: never[]): Value => {
  refuseExtra('tokenNorm', extra);
  return within(layers, name, (inner) => {
    const shape = [x.shape.at(-1)!];
    return layerNorm(x, inner.parameter('weight', shape, ones), inner.parameter('bias', shape, zeros));
  });
};

/** Queries, keys and values projected, attention in heads, and a projection of the result. */
export function multiheadAttention(
  layers: Layers,
  name: string,
  q: Value,
  k: Value,
  v: Value,
  config: TransformerConfig,
  ...extra: never[]
): Value {
  refuseExtra('multiheadAttention', extra);
  requireOptions('multiheadAttention: config', config, TRANSFORMER_CONFIG);
  const { heads, dropout, neighbours } = config;
  return within(layers, name, (inner) => {
    const width = q.shape.at(-1)!;
    // One matrix for all three, as it is initialised and published.
    const weight = inner.parameter('in_proj_weight', [3 * width, width], xavierUniform);
    const bias = inner.parameter('in_proj_bias', [3 * width], zeros);
    const project = (x: Value, part: number): Value => {
      const rows = { start: part * width, end: (part + 1) * width };
      return linear(x, slice(weight, [rows]), slice(bias, [rows]));
    };
    const found = attention(project(q, 0), project(k, 1), project(v, 2), {
      heads,
      neighbours,
      dropout: inner.training && dropout > 0 ? { p: dropout, ...inner.random() } : null,
    });
    return projection(inner, 'out_proj', found, width);
  });
}

/** Self-attention of x, then a feed-forward part per token. `position` is added to queries and keys alone. */
export function encoderLayer(
  layers: Layers,
  x: Value,
  position: Value,
  config: TransformerConfig,
  ...extra: never[]
): Value {
  refuseExtra('encoderLayer', extra);
  requireOptions('encoderLayer: config', config, TRANSFORMER_CONFIG);
  const at = add(x, position);
  const found = multiheadAttention(layers, 'self_attn', at, at, x, config);
  return feedForward(layers, joined(layers, 'norm1', x, found, config), 'norm2', config);
}

/**
 * Learned queries [1, L, C] attend to the encoder's `memory`, then to `x`, the output of the layer before (the memory
 * for the first layer).
 */
export function decoderLayer(
  layers: Layers,
  x: Value,
  memory: Value,
  queries: Value,
  position: Value,
  config: TransformerConfig,
  ...extra: never[]
): Value {
  refuseExtra('decoderLayer', extra);
  requireOptions('decoderLayer: config', config, TRANSFORMER_CONFIG);
  const first = multiheadAttention(
    layers,
    'self_attn',
    add(queries, position),
    add(memory, position),
    memory,
    config,
  );
  const asked = joined(layers, 'norm1', queries, first, config);
  const second = multiheadAttention(
    layers,
    'multihead_attn',
    add(asked, position),
    add(x, position),
    x,
    config,
  );
  return feedForward(layers, joined(layers, 'norm2', asked, second, config), 'norm3', config);
}

/** A residual branch added to its input, then normalised. */
const joined = (
  layers: Layers,
  name: string,
  x: Value,
  found: Value,
  { dropout }: TransformerConfig,
): Value => tokenNorm(layers, name, add(x, drop(layers, found, dropout)));

function feedForward(layers: Layers, x: Value, norm: string, config: TransformerConfig): Value {
  const width = x.shape.at(-1)!;
  // As one matrix without batch axes, so that the activation fuses into the product.
  const rows = reshape(x, [-1, width]);
  const wide = drop(layers, relu(projection(layers, 'linear1', rows, config.inner)), config.dropout);
  return joined(layers, norm, x, reshape(projection(layers, 'linear2', wide, width), x.shape), config);
}
