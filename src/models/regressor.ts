import { conv2d } from '../graph/ops/conv.ts';
import { relu } from '../graph/ops/pointwise.ts';
import { globalAvgPool2d } from '../graph/ops/pool.ts';
import type { Value } from '../graph/value.ts';
import { dropout } from '../nn/dropout.ts';
import { pytorchDefault } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { dense, norm } from './blocks.ts';

export interface AlignHeadConfig {
  /** 2 for the regressor (u, gamma), the number of classes for the classifier. */
  readonly outputs: number;
  /** Hidden width of the linear layers; default 256. */
  readonly hidden?: number;
  /** Default 0.25. */
  readonly dropout?: number;
  /** Side of the convolution's kernel, 1 or 3; default 1. */
  readonly kernel?: 1 | 3;
}

/**
 * CADA's head (methods.md 7.3): conv keeping the channels, BN, ReLU, pool, dropout, two linear layers.
 * Bottleneck feature [N, C, h, w] -> [N, outputs].
 */
export function alignHead(layers: Layers, feature: Value, config: AlignHeadConfig): Value {
  const { outputs, hidden = 256, dropout: rate = 0.25, kernel = 1 } = config;
  const channels = feature.shape[1]!;
  const convolved = within(layers, 'conv', (inner) =>
    conv2d(feature, inner.parameter('weight', [channels, channels, kernel, kernel], pytorchDefault), {
      padding: (kernel - 1) / 2,
    }),
  );
  const pooled = globalAvgPool2d(relu(norm(layers, 'bn', convolved)));
  const dropped = layers.training && rate > 0 ? drop(layers, pooled, rate) : pooled;
  return dense(layers, 'fc2', relu(dense(layers, 'fc1', dropped, hidden)), outputs);
}

function drop(layers: Layers, x: Value, rate: number): Value {
  const { key, site } = layers.random();
  return dropout(x, rate, key, site);
}
