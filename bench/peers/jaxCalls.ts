/** The library's functions in jax-js: its own where it has one, else as its users write them. */
import { applied, axesOf, type CallOptions, type CallStart, keepsDims, type PeerFunction } from './calls.ts';
import type { Jax, JaxArray } from './jax.ts';
import { jaxKernel } from './jaxOperation.ts';
import type { PeerKernel } from './operation.ts';

/** Its functions by name: `Jax` types those that the networks use. */
type Functions = Readonly<Record<string, (...args: readonly unknown[]) => JaxArray>>;
interface Modules {
  readonly numpy: Functions;
  readonly nn: Functions;
  readonly lax: Functions;
}
type Call = PeerFunction<Modules, JaxArray>;

/** Ours to theirs, in `numpy`. */
const NUMPY = {
  ...{
    abs: 'absolute',
    neg: 'negative',
    sign: 'sign',
    square: 'square',
    sqrt: 'sqrt',
    exp: 'exp',
    expm1: 'expm1',
  },
  ...{
    log: 'log',
    log1p: 'log1p',
    reciprocal: 'reciprocal',
    sin: 'sin',
    cos: 'cos',
    tan: 'tan',
    asin: 'asin',
  },
  ...{
    acos: 'acos',
    atan: 'atan',
    sinh: 'sinh',
    cosh: 'cosh',
    tanh: 'tanh',
    asinh: 'arcsinh',
    acosh: 'arccosh',
  },
  ...{
    atanh: 'arctanh',
    floor: 'floor',
    ceil: 'ceil',
    round: 'round',
    trunc: 'trunc',
    add: 'add',
    sub: 'subtract',
  },
  ...{ mul: 'multiply', div: 'trueDivide', pow: 'power', maximum: 'maximum', minimum: 'minimum' },
};
/** In `nn`. */
const NN = {
  ...{
    relu: 'relu',
    relu6: 'relu6',
    sigmoid: 'sigmoid',
    softplus: 'softplus',
    silu: 'silu',
    elu: 'elu',
    celu: 'celu',
  },
  ...{ selu: 'selu', mish: 'mish', hardsigmoid: 'hardSigmoid', hardswish: 'hardSilu', softsign: 'softSign' },
  ...{ logSigmoid: 'logSigmoid', leakyRelu: 'leakyRelu', softmax: 'softmax', logSoftmax: 'logSoftmax' },
};

/** Inside of `jit` every operand is only traced. */
const kept = (args: readonly unknown[]): unknown[] =>
  args.map((arg) => (typeof arg === 'object' && arg !== null && 'ref' in arg ? arg.ref : arg));

const named =
  (module: keyof Modules, name: string): Call =>
  (jax: Modules, ...args: readonly unknown[]) =>
    jax[module][name]!(...kept(args));

const reduced =
  (module: keyof Modules, name: string): Call =>
  (jax: Modules, x: JaxArray, options?: CallOptions) =>
    jax[module][name]!(x.ref, axesOf(options) ?? null, { keepdims: keepsDims(options) });

const CALLS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(Object.entries(NUMPY).map(([ours, theirs]) => [ours, named('numpy', theirs)])),
  ...Object.fromEntries(Object.entries(NN).map(([ours, theirs]) => [ours, named('nn', theirs)])),
  ...Object.fromEntries(['sum', 'mean', 'max', 'min', 'prod'].map((name) => [name, reduced('numpy', name)])),
  logSumExp: reduced('nn', 'logsumexp'),
  erf: named('lax', 'erf'),
  gelu: (jax: Modules, x: JaxArray) => jax.nn.gelu!(x.ref, { approximate: false }),
  argmax: named('numpy', 'argmax'),
  argmin: named('numpy', 'argmin'),
  cumsum: (jax: Modules, x: JaxArray, axis: number, options?: CallOptions) => {
    const turned = (y: JaxArray): JaxArray => (options?.reverse === true ? jax.numpy.flip!(y, axis) : y);
    const sums = turned(jax.numpy.cumsum!(turned(x.ref), axis));
    return options?.exclusive === true ? sums.sub(x.ref) : sums;
  },
  sort: (jax: Modules, x: JaxArray) => jax.numpy.sort!(x.ref, -1),
  conv3d: (jax: Modules, x: JaxArray, w: JaxArray, options?: CallOptions) => {
    const stride = Number(options?.stride ?? 1);
    const side = Number(options?.padding ?? 0);
    const pads = [side, side];
    return jax.lax.conv!(x.ref, w.ref, [stride, stride, stride], [pads, pads, pads]);
  },
  permute: named('numpy', 'transpose'),
  flip: named('numpy', 'flip'),
  concat: (jax: Modules, parts: readonly JaxArray[], axis: number) =>
    jax.numpy.concatenate!(kept(parts), axis),
  matmul: named('numpy', 'matmul'),
  layerNorm: (jax: Modules, x: JaxArray, weight: JaxArray, bias: JaxArray, eps = 1e-5) => {
    const centred = x.ref.sub(jax.numpy.mean!(x.ref, -1, { keepdims: true }));
    const variance = jax.numpy.mean!(jax.numpy.square!(centred.ref), -1, { keepdims: true });
    return centred
      .div(jax.numpy.sqrt!(variance.add(eps)))
      .mul(weight.ref)
      .add(bias.ref);
  },
  attention: (jax: Modules, q: JaxArray, k: JaxArray, v: JaxArray, options: CallOptions) =>
    attention(jax, q, k, v, options),
};

/** With all heads' weights in memory, as its `dotProductAttention` does it, which needs Node 22. */
function attention(
  { numpy, nn }: Modules,
  q: JaxArray,
  k: JaxArray,
  v: JaxArray,
  { heads, causal }: CallOptions,
): JaxArray {
  const [batch, length, width] = q.shape as [number, number, number];
  const byHead = (x: JaxArray, order: readonly number[]): JaxArray =>
    x.ref.reshape([batch, x.shape[1]!, heads as number, x.shape[2]! / (heads as number)]).transpose(order);
  const scale = 1 / Math.sqrt(width / (heads as number));
  const products = numpy.matmul!(byHead(q, [0, 2, 1, 3]), byHead(k, [0, 2, 3, 1])).mul(scale);
  const kept = (): JaxArray => numpy.tril!(numpy.ones!([length, k.shape[1]!]));
  const masked = causal === true ? numpy.where!(numpy.greater!(kept(), 0), products, -1e9) : products;
  const mixed = numpy.matmul!(nn.softmax!(masked, -1), byHead(v, [0, 2, 1, 3]));
  return mixed.transpose([0, 2, 1, 3]).reshape([batch, length, v.shape[2]!]);
}

/** Undefined for a function that is not asked of it. */
export function jaxCall(jax: Jax, { call, operands }: CallStart): PeerKernel | undefined {
  const fn = Object.hasOwn(CALLS, call.op) ? CALLS[call.op] : undefined;
  if (!fn) return undefined;
  const held = operands.map(({ data, shape }) => jax.numpy.array(data, { shape }));
  return jaxKernel(jax, held, (...tensors) => applied(fn, jax as unknown as Modules, call, tensors));
}
