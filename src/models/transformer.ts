/** Transformer layers that normalise after each sum, under PyTorch's names. Tokens are [N, L, C]. */
import type { Neighbours } from '../graph/ops/attention.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { xavierUniform, zeros } from '../nn/init.ts';
import type { Layers } from '../nn/layers.ts';
import { multiHeadAttention } from '../nn/modules/attention.ts';
import { dropout } from '../nn/modules/dropout.ts';
import { linear } from '../nn/modules/linear.ts';
import { layerNorm } from '../nn/modules/norm.ts';
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
  return linear(layers, name, x, out, { weightInit: xavierUniform, biasInit: zeros });
};

/** Attention of q to k and v. */
const attending = (
  layers: Layers,
  name: string,
  q: Value,
  k: Value,
  v: Value,
  config: TransformerConfig,
): Value => {
  const { heads, dropout: rate, neighbours } = config;
  return multiHeadAttention(layers, name, q, k, v, {
    heads,
    dropout: rate,
    neighbours,
    outInit: xavierUniform,
  });
};

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
  const found = attending(layers, 'self_attn', at, at, x, config);
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
  const first = attending(layers, 'self_attn', add(queries, position), add(memory, position), memory, config);
  const asked = joined(layers, 'norm1', queries, first, config);
  const second = attending(layers, 'multihead_attn', add(asked, position), add(x, position), x, config);
  return feedForward(layers, joined(layers, 'norm2', asked, second, config), 'norm3', config);
}

/** A residual branch added to its input, then normalised. */
const joined = (layers: Layers, name: string, x: Value, found: Value, config: TransformerConfig): Value =>
  layerNorm(layers, name, add(x, dropout(layers, found, config.dropout)));

function feedForward(layers: Layers, x: Value, norm: string, config: TransformerConfig): Value {
  const width = x.shape.at(-1)!;
  // As one matrix without batch axes, so that the activation fuses into the product.
  const rows = reshape(x, [-1, width]);
  const wide = dropout(layers, relu(projection(layers, 'linear1', rows, config.inner)), config.dropout);
  return joined(layers, norm, x, reshape(projection(layers, 'linear2', wide, width), x.shape), config);
}
