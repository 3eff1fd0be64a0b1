import type { StateDict } from '../nn/init.ts';
import { conv2dReference } from '../specs/reference/conv.ts';
import { map1, map2, poolRef } from '../specs/reference/ops.ts';
import { type Tensor64, tensor64 } from '../specs/reference/tensor64.ts';

/** ResNet-18's layers 1 to 3 in float64, from a state dict under `encoder.`. images [N, 3, H, W]. */
export function encoder64(weights: StateDict, images: Tensor64): [Tensor64, Tensor64, Tensor64] {
  const tensor = (name: string): Tensor64 => {
    const { shape, data } = weights.get(`encoder.${name}`)!;
    return tensor64(shape, data);
  };
  const norm = (x: Tensor64, name: string): Tensor64 => {
    const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (part) => tensor(`${name}.${part}`).data,
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const plane = x.shape[2]! * x.shape[3]!;
    return tensor64(
      x.shape,
      x.data.map((value, i) => {
        const c = Math.floor(i / plane) % x.shape[1]!;
        return ((value - mean[c]!) / Math.sqrt(variance[c]! + 1e-5)) * weight[c]! + bias[c]!;
      }),
    );
  };
  const relu = (x: Tensor64): Tensor64 => map1(x, (value) => Math.max(0, value));
  const conv = (x: Tensor64, name: string, step: 1 | 2): Tensor64 => {
    const w = tensor(`${name}.weight`);
    const [kernel, around] = [w.shape[2]!, Math.floor(w.shape[2]! / 2)];
    const size = (side: number): number => Math.floor((side + 2 * around - kernel) / step) + 1;
    const shape = [x.shape[0]!, w.shape[0]!, size(x.shape[2]!), size(x.shape[3]!)];
    const padding = [around, around, around, around] as const;
    return conv2dReference(x, w, { stride: [step, step], padding, dilation: [1, 1], groups: 1 }, shape);
  };
  const block = (x: Tensor64, name: string, stride: 1 | 2): Tensor64 => {
    const first = relu(norm(conv(x, `${name}.conv1`, stride), `${name}.bn1`));
    const second = norm(conv(first, `${name}.conv2`, 1), `${name}.bn2`);
    const short = weights.has(`encoder.${name}.downsample.0.weight`)
      ? norm(conv(x, `${name}.downsample.0`, stride), `${name}.downsample.1`)
      : x;
    return relu(map2(second, short, (a, b) => a + b));
  };
  const layer = (x: Tensor64, stage: number): Tensor64 =>
    block(block(x, `layer${stage}.0`, stage === 1 ? 1 : 2), `layer${stage}.1`, 1);
  const window = { kernel: [3, 3], stride: [2, 2], sides: [1, 1, 1, 1] } as const;
  const stem = poolRef(relu(norm(conv(images, 'conv1', 2), 'bn1')), window, 'max');
  const f1 = layer(stem, 1);
  const f2 = layer(f1, 2);
  return [f1, f2, layer(f2, 3)];
}
