/** The library's functions in TensorFlow.js: its own where it has one, else as its users write them. */
import { applied, axesOf, type CallOptions, type CallStart, keepsDims, type PeerFunction } from './calls.ts';
import type { PeerKernel } from './operation.ts';
import type { Tensor, Tfjs } from './tfjs.ts';
import { tfjsKernel } from './tfjsOperation.ts';

/** Its functions by name: `Tfjs` types those that the networks use. */
type Functions = Readonly<Record<string, (...args: readonly unknown[]) => Tensor>>;
type Call = PeerFunction<Functions, Tensor>;

const SAME = [
  ...['abs', 'neg', 'sign', 'square', 'sqrt', 'rsqrt', 'reciprocal', 'exp', 'expm1', 'log', 'log1p', 'erf'],
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'],
  ...['floor', 'ceil', 'round', 'relu', 'relu6', 'sigmoid', 'elu', 'selu', 'logSigmoid'],
  ...['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'softmax', 'logSoftmax'],
];

const same =
  (name: string): Call =>
  (tf: Functions, ...args: readonly unknown[]) =>
    tf[name]!(...args);

const reduced =
  (name: string): Call =>
  (tf: Functions, x: Tensor, options?: CallOptions) =>
    tf[name]!(x, axesOf(options), keepsDims(options));

const scaled = (tf: Functions, x: Tensor, factor: number): Tensor => tf.mul!(x, factor);

const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(SAME.map((name) => [name, same(name)])),
  ...Object.fromEntries(['sum', 'mean', 'max', 'min', 'prod'].map((name) => [name, reduced(name)])),
  logSumExp: reduced('logSumExp'),
  leakyRelu: (tf: Functions, x: Tensor, slope = 0.01) => tf.leakyRelu!(x, slope),
  softplus: (tf: Functions, x: Tensor) => tf.softplus!(x),
  silu: (tf: Functions, x: Tensor) => tf.mul!(x, tf.sigmoid!(x)),
  mish: (tf: Functions, x: Tensor) => tf.mul!(x, tf.tanh!(tf.softplus!(x))),
  gelu: (tf: Functions, x: Tensor) =>
    tf.mul!(scaled(tf, x, 0.5), tf.add!(tf.erf!(scaled(tf, x, Math.SQRT1_2)), 1)),
  argmax: (tf: Functions, x: Tensor, axis: number) => tf.argMax!(x, axis),
  argmin: (tf: Functions, x: Tensor, axis: number) => tf.argMin!(x, axis),
  cumsum: (tf: Functions, x: Tensor, axis: number, options?: CallOptions) =>
    tf.cumsum!(x, axis, options?.exclusive === true, options?.reverse === true),
  permute: (tf: Functions, x: Tensor, axes: readonly number[]) => tf.transpose!(x, axes),
  flip: (tf: Functions, x: Tensor, axes: readonly number[]) => tf.reverse!(x, axes),
  concat: (tf: Functions, parts: readonly Tensor[], axis: number) => tf.concat!(parts, axis),
  matmul: (tf: Functions, a: Tensor, b: Tensor, options?: CallOptions) =>
    tf.matMul!(a, b, options?.transposeA === true, options?.transposeB === true),
  layerNorm: (tf: Functions, x: Tensor, weight: Tensor, bias: Tensor, eps = 1e-5) => {
    const { mean, variance } = tf.moments!(x, -1, true) as unknown as Record<'mean' | 'variance', Tensor>;
    const centred = tf.sub!(x, mean);
    return tf.add!(tf.mul!(tf.mul!(centred, tf.rsqrt!(tf.add!(variance, eps))), weight), bias);
  },
  attention: (tf: Functions, q: Tensor, k: Tensor, v: Tensor, options: CallOptions) =>
    attention(tf, q, k, v, options),
  sort: (tf: Functions, x: Tensor) => {
    const most = (tf.topk!(tf.neg!(x), x.shape.at(-1), true) as unknown as { values: Tensor }).values;
    return tf.neg!(most);
  },
};

/** With all heads' weights in memory: it has none that is fused. */
function attention(tf: Functions, q: Tensor, k: Tensor, v: Tensor, { heads, causal }: CallOptions): Tensor {
  const [batch, length, width] = q.shape as [number, number, number];
  const depth = width / (heads as number);
  const byHead = (x: Tensor): Tensor =>
    tf.transpose!(tf.reshape!(x, [batch, x.shape[1], heads, x.shape[2]! / (heads as number)]), [0, 2, 1, 3]);
  let products = tf.mul!(tf.matMul!(byHead(q), byHead(k), false, true), 1 / Math.sqrt(depth));
  if (causal === true) {
    const past = tf.linalg as unknown as { bandPart(x: Tensor, lower: number, upper: number): Tensor };
    const kept = past.bandPart(tf.ones!([length, k.shape[1]]), -1, 0);
    products = tf.add!(products, tf.mul!(tf.sub!(1, kept), -1e9));
  }
  const mixed = tf.matMul!(tf.softmax!(products), byHead(v));
  return tf.reshape!(tf.transpose!(mixed, [0, 2, 1, 3]), [batch, length, v.shape[2]]);
}

/** Undefined for a function that is not asked of it. */
export function tfjsCall(tf: Tfjs, { call, operands }: CallStart): PeerKernel | undefined {
  const fn = Object.hasOwn(CALLS, call.op) ? CALLS[call.op] : undefined;
  if (!fn) return undefined;
  const held = operands.map(({ data, shape }) => tf.tensor(data, shape));
  return tfjsKernel(tf, held, () => tf.tidy(() => applied(fn, tf as unknown as Functions, call, held)));
}
