/** What is used of TensorFlow.js, and its frozen layers. Channels last, which is what its kernels are made for. */
import type { NamedTensor } from '../../src/nn/init.ts';
import { foldNorm } from './fold.ts';
import { permute } from './layout.ts';
import type { ClassifierOps } from './networks.ts';
import type { PeerStart } from './peer.ts';

export interface Tensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}
export interface Variable extends Tensor {
  readonly name: string;
  assign(value: Tensor): void;
}
type Operand = Tensor | number;
type Pair = readonly [number, number];
type Convolution = (
  x: Tensor,
  filter: Tensor,
  stride: number | Pair,
  /** One number, or before and after along each of the four axes. */
  pad: number | readonly [Pair, Pair, Pair, Pair],
  layout?: 'NHWC',
  dilation?: number | Pair,
) => Tensor;

/** What is used of @tensorflow/tfjs, which is its core with the gradients. */
export interface Tfjs {
  setBackend(name: string): Promise<boolean>;
  removeBackend(name: string): void;
  tidy<T>(body: () => T): T;
  dispose(tensors: unknown): void;
  /** Saves a tensor from the `tidy` around it. */
  keep<T extends Tensor>(tensor: T): T;
  tensor(data: Float32Array, shape: readonly number[]): Tensor;
  variable(start: Tensor, trainable: boolean, name: string): Variable;
  variableGrads(
    loss: () => Tensor,
    variables: readonly Variable[],
  ): { value: Tensor; grads: Record<string, Tensor> };
  readonly conv2d: Convolution;
  readonly depthwiseConv2d: Convolution;
  conv2dTranspose(x: Tensor, filter: Tensor, shape: readonly number[], stride: number, pad: 'valid'): Tensor;
  readonly fused: {
    conv2d(options: {
      x: Tensor;
      filter: Tensor;
      strides: number;
      pad: number;
      bias: Tensor;
      activation: 'relu' | 'linear';
    }): Tensor;
  };
  moments(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor };
  batchNorm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor,
    scale: Tensor,
    epsilon: number,
  ): Tensor;
  maxPool(x: Tensor, kernel: number, stride: number, pad: number): Tensor;
  concat(parts: readonly Tensor[], axis: number): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  mean(x: Tensor, axes?: readonly number[]): Tensor;
  sum(x: Tensor, axis: number): Tensor;
  add(a: Operand, b: Operand): Tensor;
  sub(a: Operand, b: Operand): Tensor;
  mul(a: Operand, b: Operand): Tensor;
  div(a: Operand, b: Operand): Tensor;
  maximum(a: Operand, b: Operand): Tensor;
  square(x: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  erf(x: Tensor): Tensor;
}

/** [out, in, k, k] to the peer's [k, k, in, out]; a transposed convolution's [in, out, k, k] to [k, k, out, in]. */
const FILTER_ORDER = [2, 3, 1, 0] as const;
export const IMAGE_ORDER = [0, 2, 3, 1] as const;

export function filterOf(tf: Tfjs, { shape, data }: NamedTensor): Tensor {
  return tf.tensor(
    permute(data, shape, FILTER_ORDER),
    FILTER_ORDER.map((axis) => shape[axis]!),
  );
}

/** Uploads the input of a turn, which is kept in host memory channels last. */
export function imageFeed(tf: Tfjs, { batch, size, inputs }: PeerStart): (turn: number) => Tensor {
  const kept = inputs.map((images) => permute(images, [batch, 3, size, size], IMAGE_ORDER));
  return (turn) => tf.tensor(kept[turn % kept.length]!, [batch, size, size, 3]);
}

/**
 * Layers that are not trained: batch norms folded into filter and bias, bias and ReLU fused into the convolution, as
 * TensorFlow.js's converter leaves a frozen graph. Their tensors are made at the first call and then kept.
 */
export function frozenOps(tf: Tfjs, start: PeerStart): ClassifierOps<Tensor> & { dispose(): void } {
  const held = new Map<string, { filter: Tensor; bias: Tensor }>();
  const tensorsOf = (conv: string, norm: string): { filter: Tensor; bias: Tensor } => {
    const known = held.get(conv);
    if (known) return known;
    const { weight, bias } = foldNorm(start.tensors, conv, norm);
    const made = { filter: tf.keep(filterOf(tf, weight)), bias: tf.keep(tf.tensor(bias.data, bias.shape)) };
    held.set(conv, made);
    return made;
  };
  return {
    convNorm(x, { conv, norm, stride, act }) {
      const { filter, bias } = tensorsOf(conv, norm);
      const pad = Math.floor(filter.shape[0]! / 2);
      const activation = act === 'relu' ? 'relu' : 'linear';
      return tf.fused.conv2d({ x, filter, strides: stride, pad, bias, activation });
    },
    join: (a, b) => tf.relu(tf.add(a, b)),
    maxPool: (x) => tf.maxPool(x, 3, 2, 1),
    dispose: () => tf.dispose([...held.values()]),
  };
}
