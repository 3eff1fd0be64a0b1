/** DRAEM's two U-shaped networks (methods.md 8.3). Tensors are numbered as in PyTorch's `Sequential`. */

import { concat } from '../graph/ops/movement.ts';
import { relu } from '../graph/ops/pointwise.ts';
import { maxPool2d } from '../graph/ops/pool.ts';
import { interpolate } from '../graph/ops/resize.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { normal, uniformFanIn } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { refuseExtra } from '../options.ts';
import { norm } from './blocks.ts';

/**
 * Reconstructs images [N, 3, H, W] without their anomalies; H, W multiples of 16. `width`: channels at full resolution,
 * 128 in the original. Tensors `encoder.*`, `decoder.*`. No skip connections, so that everything passes the bottleneck
 * [N, 8 width, H/16, W/16].
 */
export function reconstructiveNet(
  layers: Layers,
  images: Value,
  width: number,
  ...extra: never[]
): { out: Value; bottleneck: Value } {
  refuseExtra('reconstructiveNet', extra);
  const [, , , , bottleneck] = contract(
    layers,
    images,
    [1, 2, 4, 8, 8].map((times) => times * width),
  );
  const out = within(layers, 'decoder', (inner) => {
    let y = bottleneck!;
    for (const [i, last] of [4, 2, 1, 1].entries()) {
      const channels = y.shape[1]!;
      y = stage(inner, `db${i + 1}`, up(inner, `up${i + 1}`, y, channels), [channels, last * width]);
    }
    return conv3(inner, 'out', y, images.shape[1]!);
  });
  return { out, bottleneck: bottleneck! };
}

/**
 * Logits [N, 2, H, W] of normal and anomalous, for an image concatenated with its reconstruction [N, 6, H, W]; H, W
 * multiples of 32. `width`: channels at full resolution, 64 in the original. Tensors `encoder.*`, `decoder.*`.
 */
export function discriminativeNet(layers: Layers, pair: Value, width: number, ...extra: never[]): Value {
  refuseExtra('discriminativeNet', extra);
  const levels = contract(
    layers,
    pair,
    [1, 2, 4, 8, 8, 8].map((times) => times * width),
  );
  return within(layers, 'decoder', (inner) => {
    let y = levels.pop()!;
    for (const [i, times] of [8, 4, 2, 1, 1].entries()) {
      const risen = up(inner, `up${i + 1}`, y, times * width);
      y = stage(inner, `db${i + 1}`, concat([risen, levels.pop()!], 1), [times * width, times * width]);
    }
    return conv3(inner, 'out', y, 2);
  });
}

/** Two convolutions at each resolution, halved between them by max-pooling; the results of all, largest first. */
function contract(layers: Layers, x: Value, channels: readonly number[]): Value[] {
  return within(layers, 'encoder', (inner) => {
    const levels: Value[] = [];
    for (const [i, out] of channels.entries()) {
      const from = levels.at(-1);
      levels.push(stage(inner, `block${i + 1}`, from ? maxPool2d(from, { kernel: 2 }) : x, [out, out]));
    }
    return levels;
  });
}

const stage = (layers: Layers, name: string, x: Value, channels: readonly number[]): Value =>
  within(layers, name, (inner) => channels.reduce((y, out, i) => convNormRelu(inner, 3 * i, y, out), x));

/** Twice the sides, corners on corners, then a convolution. */
const up = (layers: Layers, name: string, x: Value, out: number): Value =>
  within(layers, name, (inner) => {
    const [h, w] = x.shape.slice(2) as [number, number];
    return convNormRelu(inner, 1, interpolate(x, { size: [2 * h, 2 * w], alignCorners: true }), out);
  });

const convNormRelu = (layers: Layers, index: number, x: Value, out: number): Value =>
  relu(norm(layers, String(index + 1), conv3(layers, String(index), x, out), 1e-5, normal(1, 0.02)));

/** 3x3 with bias. */
const conv3 = (layers: Layers, name: string, x: Value, out: number): Value =>
  within(layers, name, (inner) => {
    const channels = x.shape[1]!;
    const weight = inner.parameter('weight', [out, channels, 3, 3], normal(0, 0.02));
    return conv2d(x, weight, {
      padding: 1,
      bias: inner.parameter('bias', [out], uniformFanIn(9 * channels)),
    });
  });
