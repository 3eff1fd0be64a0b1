import { RandomStream } from '../random.ts';
import { product, type Shape } from '../shape.ts';
import type { ParameterSpec } from './layers.ts';

/** Fills a new parameter. Every tensor has a random stream of its own, so adding one changes no other. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

export const constantInit =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(product(shape)).fill(value);

export const zeros = constantInit(0);
export const ones = constantInit(1);

/** N(mean, deviation). */
export const normal =
  (mean: number, deviation: number): Initializer =>
  (shape, random) =>
    Float32Array.from({ length: product(shape) }, () => mean + random.normal() * deviation);

/** N(0, sqrt(2 / fan_out)), fan_out = Cout kh kw: convolution weights [Cout, Cin, kh, kw]. */
export const kaimingNormalFanOut: Initializer = (shape, random) => {
  const deviation = Math.sqrt(2 / (shape[0]! * product(shape.slice(2))));
  return Float32Array.from({ length: product(shape) }, () => random.normal() * deviation);
};

/** Uniform in +-1/sqrt(fanIn): PyTorch's default for weights and biases alike. */
export const uniformFanIn =
  (fanIn: number): Initializer =>
  (shape, random) => {
    const bound = 1 / Math.sqrt(fanIn);
    return Float32Array.from({ length: product(shape) }, () => (2 * random.next() - 1) * bound);
  };

/** Uniform in +-sqrt(6 / (fan_in + fan_out)): a linear layer's weight [out, in]. */
export const xavierUniform: Initializer = (shape, random) => {
  const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
  return Float32Array.from({ length: product(shape) }, () => (2 * random.next() - 1) * bound);
};

/** Uniform in [0, 1). */
export const uniform: Initializer = (shape, random) =>
  Float32Array.from({ length: product(shape) }, () => random.next());

/** N(0, 1). */
export const standardNormal: Initializer = (shape, random) =>
  Float32Array.from({ length: product(shape) }, () => random.normal());

/** PyTorch's default for a weight: fan_in is everything but the first axis (for transposed convolutions too). */
export const pytorchDefault: Initializer = (shape, random) =>
  uniformFanIn(product(shape.slice(1)))(shape, random);

export interface NamedTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Tensors by name, in order. */
export type StateDict = Map<string, NamedTensor>;

/** Fresh tensors for `specs`: same seed, same names, same bytes. */
export function initialize(specs: readonly ParameterSpec[], seed: number): StateDict {
  return new Map(
    specs.map(({ name, shape, init }) => [
      name,
      { shape, data: init(shape, new RandomStream(seed, streamOf(name))) },
    ]),
  );
}

/** FNV-1a of the name: the stream number of its random numbers. */
function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
