import { concat } from '../graph/ops/movement.ts';
import { broadcastTo } from '../graph/ops/pointwise.ts';
import { avgPool2d } from '../graph/ops/pool.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { constant, type Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { pytorchDefault, uniformFanIn } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { refuseExtra } from '../options.ts';

/** One step of the mean over neighbours that makes a feature know its surroundings; padding counts as zeros. */
const NEIGHBOURHOOD = { kernel: 3, stride: 1, padding: 1 } as const;

/**
 * An encoder's taps on the grid of the finest one (the first), side by side (methods.md 8.2, step 1): [N, Ci, hi, wi] ->
 * [N, sum of Ci, h1, w1].
 */
export function patchFeatures(taps: readonly Value[], ...extra: never[]): Value {
  refuseExtra('patchFeatures', extra);
  const size = taps[0]!.shape.slice(2) as [number, number];
  return concat(
    taps.map((tap) => interpolate(avgPool2d(tap, NEIGHBOURHOOD), { size, alignCorners: false })),
    1,
  );
}

/**
 * CFA's descriptor (Lee et al. 2022): a convolution 1x1 with bias that also reads where it is, y and x from -1 to 1.
 * Features [N, C, h, w] -> [N, C, h, w]. Tensors `conv.weight`, `conv.bias`; PyTorch's default start.
 */
export function patchDescriptor(layers: Layers, features: Value, ...extra: never[]): Value {
  refuseExtra('patchDescriptor', extra);
  const [n, channels, h, w] = features.shape as [number, number, number, number];
  const x = concat([features, broadcastTo(coordinates(h, w), [n, 2, h, w])], 1);
  return within(layers, 'conv', (inner) => {
    const weight = inner.parameter('weight', [channels, channels + 2, 1, 1], pytorchDefault);
    const bias = inner.parameter('bias', [channels], uniformFanIn(channels + 2));
    return conv2d(x, weight, { bias });
  });
}

/** y and x of each position, from -1 to 1: [1, 2, h, w]. */
function coordinates(h: number, w: number): Value {
  const at = (i: number, size: number): number => (size === 1 ? 0 : (2 * i) / (size - 1) - 1);
  const places = Array.from({ length: h * w }, (_, i) => [at(Math.floor(i / w), h), at(i % w, w)] as const);
  return constant([...places.map(([y]) => y), ...places.map(([, x]) => x)], [1, 2, h, w]);
}
