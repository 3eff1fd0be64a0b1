/**
 * What is used of jax-js, and its frozen layers. Every function of it takes its operands over; `.ref` keeps one. Inside of `jit` operands are only
 * traced, so networks say `.ref` always and leave the rest to the tracer.
 */
import { foldNorm } from './fold.ts';
import type { ClassifierOps, ConvNorm } from './networks.ts';
import type { PeerStart } from './peer.ts';

export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(axes?: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}
/** Arrays by name: a tree that jax-js takes and returns. */
export type JaxTree = Record<string, JaxArray>;
interface ReduceOptions {
  readonly keepdims?: boolean;
}
/** A compiled function; its arguments are trees. */
type Jitted<F> = F & { dispose(): void };

/** What is used of @jax-js/jax. */
export interface Jax {
  init(device: 'webgpu'): Promise<string[]>;
  defaultDevice(device: 'webgpu'): string;
  jit<F>(body: F): Jitted<F>;
  valueAndGrad<A extends readonly unknown[], Aux>(
    body: (first: JaxTree, ...rest: A) => readonly [JaxArray, Aux],
    options: { hasAux: true },
  ): (first: JaxTree, ...rest: A) => [[JaxArray, Aux], JaxTree];
  blockUntilReady<T>(tree: T): Promise<T>;
  readonly tree: { dispose(tree: unknown): void; ref<T>(tree: T): T };
  readonly numpy: {
    array(data: Float32Array, options?: { shape: readonly number[] }): JaxArray;
    mean(x: JaxArray, axis?: number | readonly number[], options?: ReduceOptions): JaxArray;
    sum(x: JaxArray, axis?: number | readonly number[], options?: ReduceOptions): JaxArray;
    max(x: JaxArray): JaxArray;
    maximum(a: JaxArray, b: JaxArray | number): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(parts: readonly JaxArray[], axis: number): JaxArray;
    pad(x: JaxArray, widths: readonly Pair[]): JaxArray;
  };
  readonly nn: {
    relu(x: JaxArray): JaxArray;
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
  };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      weight: JaxArray,
      strides: readonly number[],
      padding: readonly Pair[],
      options: { readonly rhsDilation: readonly number[]; readonly featureGroupCount: number },
    ): JaxArray;
    conv(x: JaxArray, weight: JaxArray, strides: readonly number[], padding: readonly Pair[]): JaxArray;
    reduceWindow(
      x: JaxArray,
      reduce: (window: JaxArray) => JaxArray,
      window: readonly number[],
      strides: readonly number[],
    ): JaxArray;
    stopGradient(x: JaxArray): JaxArray;
  };
}
type Pair = readonly [number, number];

/** Convolution with symmetric padding, as PyTorch counts it. */
export function convolve(jax: Jax, x: JaxArray, weight: JaxArray, stride: number): JaxArray {
  const pad = Math.floor(weight.shape[2]! / 2);
  return jax.lax.conv(
    x.ref,
    weight.ref,
    [stride, stride],
    [
      [pad, pad],
      [pad, pad],
    ],
  );
}

const channels = (x: JaxArray): JaxArray => x.ref.reshape([1, x.shape[0]!, 1, 1]);

/** Names of a folded convolution's two arrays. */
const folded = ({ conv }: Pick<ConvNorm, 'conv'>) => ({ weight: `${conv}.weight`, bias: `${conv}.bias` });

/** Layers that are not trained: batch norms folded into weight and bias, which `frozenTree` made. */
export function frozenOps(jax: Jax, arrays: JaxTree): ClassifierOps<JaxArray> {
  const { lax, nn, numpy } = jax;
  return {
    convNorm(x, layer) {
      const names = folded(layer);
      const y = convolve(jax, x, arrays[names.weight]!, layer.stride);
      const shifted = y.add(channels(arrays[names.bias]!));
      return layer.act === null ? shifted : nn.relu(shifted);
    },
    join: (a, b) => nn.relu(a.ref.add(b.ref)),
    maxPool(x) {
      // Zeros never win: what is pooled comes out of a ReLU.
      const widths = [
        [0, 0],
        [0, 0],
        [1, 1],
        [1, 1],
      ] as const;
      const padded = numpy.pad(x.ref, widths);
      return lax.reduceWindow(padded, (window) => numpy.max(window), [3, 3], [2, 2]);
    },
  };
}

/** Arrays of the folded convolutions of a network, by a walk over it that computes nothing. */
export function frozenTree(
  { numpy }: Jax,
  { tensors }: PeerStart,
  walk: (ops: ClassifierOps<null>) => unknown,
): JaxTree {
  const tree: JaxTree = {};
  walk({
    convNorm(_, layer) {
      const names = folded(layer);
      const { weight, bias } = foldNorm(tensors, layer.conv, layer.norm);
      tree[names.weight] = numpy.array(weight.data, { shape: weight.shape });
      tree[names.bias] = numpy.array(bias.data, { shape: bias.shape });
      return null;
    },
    join: () => null,
    maxPool: () => null,
  });
  return tree;
}

export const imageFeed =
  ({ numpy }: Jax, { batch, size, inputs }: PeerStart) =>
  (turn: number): JaxArray =>
    numpy.array(inputs[turn % inputs.length]!, { shape: [batch, 3, size, size] });
