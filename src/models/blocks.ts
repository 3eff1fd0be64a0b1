import { add, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { kaimingNormalFanOut, ones } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { conv2d, convTranspose2d } from '../nn/modules/conv.ts';
import { batchNorm } from '../nn/modules/norm.ts';
import type { Initializer } from '../nn/parameterSpec.ts';

export type Activation = (x: Value) => Value;

/** conv k x k without bias, "same" padding for odd k: [N, C, H, W] -> [N, out, H/stride, W/stride]. */
export const conv = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: number,
  stride = 1,
): Value =>
  conv2d(layers, name, x, out, kernel, {
    stride,
    padding: Math.floor(kernel / 2),
    bias: false,
    weightInit: kaimingNormalFanOut,
  });

/** Transposed convolution 2x2, stride 2, no bias: doubles both sides. Keeps PyTorch's default start. */
const upConv = (layers: Layers, name: string, x: Value, out: number): Value =>
  convTranspose2d(layers, name, x, out, 2, { stride: 2, bias: false });

/** Batch norm. */
export const norm = (
  layers: Layers,
  name: string,
  x: Value,
  eps = 1e-5,
  weightInit: Initializer = ones,
): Value => batchNorm(layers, name, x, { eps, weightInit });

/** A block's shape: its output channels are `planes * expansion`. */
export interface BlockOptions {
  readonly planes: number;
  readonly stride: number;
  /** Middle channels of a bottleneck block. */
  readonly width: number;
  readonly expansion: 1 | 4;
  readonly activation?: Activation;
  /** Returns the sum of its two ways as it is, without the activation after it; default false. */
  readonly open?: boolean;
}

const asItIs: Activation = (x) => x;

/** The residual block of ResNet-18/34 (expansion 1) or -50 and wider (4); the stride is in the 3x3. */
export function residualBlock(layers: Layers, x: Value, options: BlockOptions): Value {
  const { planes, stride, width, expansion, activation: act = relu, open = false } = options;
  const end = open ? asItIs : act;
  const out = planes * expansion;
  const short =
    stride === 1 && x.shape[1] === out
      ? x
      : within(layers, 'downsample', (inner) => norm(inner, '1', conv(inner, '0', x, out, 1, stride)));
  if (expansion === 1) {
    const first = act(norm(layers, 'bn1', conv(layers, 'conv1', x, planes, 3, stride)));
    return end(add(norm(layers, 'bn2', conv(layers, 'conv2', first, planes, 3)), short));
  }
  const first = act(norm(layers, 'bn1', conv(layers, 'conv1', x, width, 1)));
  const second = act(norm(layers, 'bn2', conv(layers, 'conv2', first, width, 3, stride)));
  return end(add(norm(layers, 'bn3', conv(layers, 'conv3', second, out, 1)), short));
}

/** The decoder's first block of a layer: like `residualBlock`, but doubling the sides by transposed convolution. */
export function upsamplingBlock(layers: Layers, x: Value, options: Omit<BlockOptions, 'stride'>): Value {
  const { planes, width, expansion, activation: act = relu, open = false } = options;
  const end = open ? asItIs : act;
  const out = planes * expansion;
  const short = within(layers, 'upsample', (inner) => norm(inner, '1', upConv(inner, '0', x, out)));
  if (expansion === 1) {
    const first = act(norm(layers, 'bn1', upConv(layers, 'conv1', x, planes)));
    return end(add(norm(layers, 'bn2', conv(layers, 'conv2', first, planes, 3)), short));
  }
  const first = act(norm(layers, 'bn1', conv(layers, 'conv1', x, width, 1)));
  const second = act(norm(layers, 'bn2', upConv(layers, 'conv2', first, width)));
  return end(add(norm(layers, 'bn3', conv(layers, 'conv3', second, out, 1)), short));
}
