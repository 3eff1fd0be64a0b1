import { requireFunction, requireList, requireNumber } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { RandomStream } from '../random.ts';
import { product, requireShape, type Shape, shapeText } from '../shape.ts';
import { type Initializer, type ParameterSpec, requireSpec } from './parameterSpec.ts';

/** A tensor of `shape` filled by `next()`. @throws ShapeError for an invalid shape. */
function filled(name: string, shape: Shape, next: () => number): Float32Array {
  requireShape(name, shape);
  return Float32Array.from({ length: product(shape) }, next);
}

/** @throws ShapeError if `shape` has too few axes to compute a fan. */
function requireAxes(name: string, shape: Shape, least: number): void {
  requireShape(name, shape);
  if (shape.length >= least) return;
  throw new ShapeError(`${name}: shape expects at least ${least} axes, got ${shapeText(shape)}`);
}

/** All `value`; `name` is for errors. */
export const constantInit =
  (value: number, name = 'constantInit'): Initializer =>
  (shape, _random, ...extra: never[]) => {
    refuseExtra(name, extra);
    requireShape(name, shape);
    return new Float32Array(product(shape)).fill(value);
  };

/** All 0. */
export const zeros = constantInit(0, 'zeros');
/** All 1. */
export const ones = constantInit(1, 'ones');

/** N(mean, deviation). */
export function normal(mean: number, deviation: number, ...extra: never[]): Initializer {
  refuseExtra('normal', extra);
  requireNumber('normal', 'mean', mean);
  requireNumber('normal', 'deviation', deviation);
  return (shape, random, ...more: never[]) => {
    refuseExtra('normal', more);
    return filled('normal', shape, () => mean + random.normal() * deviation);
  };
}

/** N(0, sqrt(2 / fan_out)), fan_out = Cout kh kw: convolution weights [Cout, Cin, kh, kw]. */
export const kaimingNormalFanOut: Initializer = (shape, random, ...extra: never[]) => {
  refuseExtra('kaimingNormalFanOut', extra);
  requireAxes('kaimingNormalFanOut', shape, 2);
  const deviation = Math.sqrt(2 / (shape[0]! * product(shape.slice(2))));
  return filled('kaimingNormalFanOut', shape, () => random.normal() * deviation);
};

/** Uniform in +-1/sqrt(fanIn): PyTorch's default for weights and biases alike. */
export const uniformFanIn =
  (fanIn: number): Initializer =>
  (shape, random) => {
    const bound = 1 / Math.sqrt(fanIn);
    return filled('uniformFanIn', shape, () => (2 * random.next() - 1) * bound);
  };

/** Uniform in +-sqrt(6 / (fan_in + fan_out)): a linear layer's weight [out, in]. */
export const xavierUniform: Initializer = (shape, random, ...extra: never[]) => {
  refuseExtra('xavierUniform', extra);
  requireAxes('xavierUniform', shape, 2);
  const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
  return filled('xavierUniform', shape, () => (2 * random.next() - 1) * bound);
};

/** Uniform in [0, 1). */
export const uniform: Initializer = (shape, random, ...extra: never[]) => {
  refuseExtra('uniform', extra);
  return filled('uniform', shape, () => random.next());
};

/** N(0, 1). */
export const standardNormal: Initializer = (shape, random) =>
  filled('standardNormal', shape, () => random.normal());

/** PyTorch's default for a weight: fan_in is everything but the first axis (for transposed convolutions too). */
export const pytorchDefault: Initializer = (shape, random, ...extra: never[]) => {
  refuseExtra('pytorchDefault', extra);
  requireShape('pytorchDefault', shape);
  return uniformFanIn(product(shape.slice(1)))(shape, random);
};

/** A tensor in the host's memory. */
export interface NamedTensor {
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float32Array;
}

/** Tensors by name, in order. */
export type StateDict = Map<string, NamedTensor>;

/**
 * Fresh tensors for `specs`: same seed, same names, same bytes.
 * @param seed whole, from 0 to below 2^53. @throws ConfigError for another.
 */
export function initialize(specs: readonly ParameterSpec[], seed: number, ...extra: never[]): StateDict {
  refuseExtra('initialize', extra);
  requireList('initialize', 'specs', specs);
  for (const spec of specs) {
    requireSpec('initialize', spec);
    requireShape(`initialize: ${spec.name}`, spec.shape);
    requireFunction(`initialize: ${spec.name}`, 'init', spec.init);
  }
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
