import { attention } from '../../src/graph/ops/attention.ts';
import { concat, part, permute, reshape } from '../../src/graph/ops/movement.ts';
import { add, broadcastTo, gelu, relu6 } from '../../src/graph/ops/pointwise.ts';
import type { Value } from '../../src/graph/value.ts';
import { RESNETS, resnetClassifier } from '../../src/models/resnet.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { ones, pytorchDefault, zeros } from '../../src/nn/init.ts';
import { type Layers, within } from '../../src/nn/layers.ts';
import { linear } from '../../src/nn/linear.ts';
import { batchNorm, layerNorm } from '../../src/nn/norm.ts';
import { globalAvgPool2d } from '../../src/nn/pool.ts';
import { range } from '../../src/shape.ts';

/** A network over images [N, 3, S, S] in the library's own functions, to run beside one that an ONNX file describes. */
export type OwnNetwork = (layers: Layers, images: Value) => Value;

/** Those that tools/onnx_networks.py exports with --full, by the names of their files. */
export const OWN_NETWORKS: Readonly<Record<string, OwnNetwork>> = {
  resnet18: (layers, images) => resnetClassifier(layers, images, RESNETS.resnet18),
  mobilenet_v2: mobileNetV2,
  vit: (layers, images) => visionTransformer(layers, images, { patch: 16, depth: 12, heads: 3, width: 192 }),
};

interface Convolution {
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
}

function convNorm(layers: Layers, x: Value, { out, kernel, stride, groups }: Convolution): Value {
  const weight = layers.parameter('weight', [out, x.shape[1]! / groups, kernel, kernel], pytorchDefault);
  const y = conv2d(x, weight, { stride, padding: (kernel - 1) / 2, groups });
  return batchNorm(y, {
    weight: layers.parameter('gamma', [out], ones),
    bias: layers.parameter('beta', [out], zeros),
    mean: layers.buffer('mean', [out], zeros),
    variance: layers.buffer('variance', [out], ones),
  });
}

/** Expansion, channels, blocks and first stride of each stage (Sandler et al. 2018, table 2). */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

function mobileNetV2(layers: Layers, images: Value): Value {
  const step = (name: string, x: Value, of: Convolution): Value =>
    within(layers, name, (inner) => convNorm(inner, x, of));
  let x = relu6(step('stem', images, { out: 32, kernel: 3, stride: 2, groups: 1 }));
  for (const [stage, [expansion, out, blocks, first]] of STAGES.entries()) {
    for (const block of range(blocks)) {
      const name = `stage${stage}.${block}`;
      const stride = block === 0 ? first : 1;
      const wide = x.shape[1]! * expansion;
      const pointwise = { kernel: 1, stride: 1, groups: 1 };
      const expanded = expansion === 1 ? x : relu6(step(`${name}.expand`, x, { ...pointwise, out: wide }));
      const filtered = relu6(step(`${name}.depth`, expanded, { out: wide, kernel: 3, stride, groups: wide }));
      const narrow = step(`${name}.project`, filtered, { ...pointwise, out });
      x = stride === 1 && x.shape[1] === out ? add(x, narrow) : narrow;
    }
  }
  const last = relu6(step('head', x, { out: 1280, kernel: 1, stride: 1, groups: 1 }));
  return dense(layers, 'classifier', globalAvgPool2d(last), 1000);
}

function dense(layers: Layers, name: string, x: Value, out: number): Value {
  return within(layers, name, (inner) =>
    linear(
      x,
      inner.parameter('weight', [out, x.shape.at(-1)!], pytorchDefault),
      inner.parameter('bias', [out], zeros),
    ),
  );
}

interface Transformer {
  readonly patch: number;
  readonly depth: number;
  readonly heads: number;
  readonly width: number;
}

function visionTransformer(
  layers: Layers,
  images: Value,
  { patch, depth, heads, width }: Transformer,
): Value {
  const norm = (name: string, x: Value): Value =>
    within(layers, name, (inner) =>
      layerNorm(x, inner.parameter('weight', [width], ones), inner.parameter('bias', [width], zeros), 1e-6),
    );
  const kernel = layers.parameter('patch.weight', [width, 3, patch, patch], pytorchDefault);
  const planes = conv2d(images, kernel, {
    stride: patch,
    bias: layers.parameter('patch.bias', [width], zeros),
  });
  const [n, , h, w] = planes.shape as [number, number, number, number];
  const tokens = permute(reshape(planes, [n, width, h * w]), [0, 2, 1]);
  const first = broadcastTo(layers.parameter('token', [1, 1, width], zeros), [n, 1, width]);
  let x = add(concat([first, tokens], 1), layers.parameter('places', [1, h * w + 1, width], pytorchDefault));
  for (const i of range(depth)) {
    const all = dense(layers, `${i}.in`, norm(`${i}.norm1`, x), 3 * width);
    const [q, k, v] = range(3).map((k) => part(all, 2, k * width, width)) as [Value, Value, Value];
    x = add(x, dense(layers, `${i}.out`, attention(q, k, v, { heads }), width));
    const hidden = gelu(dense(layers, `${i}.mlp1`, norm(`${i}.norm2`, x), 4 * width));
    x = add(x, dense(layers, `${i}.mlp2`, hidden, width));
  }
  return dense(layers, 'classifier', reshape(part(norm('norm', x), 1, 0, 1), [n, width]), 1000);
}
