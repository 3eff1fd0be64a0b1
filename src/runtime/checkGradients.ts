import { requireFunction, requireList, requireNumber } from '../arguments.ts';
import { grad } from '../autograd/reverse.ts';
import { ConfigError } from '../errors.ts';
import { add, mul, scale } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { Tree } from '../graph/tree.ts';
import type { Value } from '../graph/value.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import { RandomStream } from '../random.ts';
import { product } from '../shape.ts';
import type { Compiled } from './compiledFunction.ts';
import type { StructureFunction } from './structure.ts';
import type { Tensor } from './tensor.ts';

/** How derivatives are compared. */
export interface CheckGradientsOptions {
  /** Length of a step along each direction, relative to the argument's norm; default 1e-2. */
  step?: number;
  /** Largest difference, relative to the gradient's norm; default 1e-2. */
  tolerance?: number;
  /** Of the random directions; default 0. */
  seed?: number;
}

const OPTIONS: OptionNames<CheckGradientsOptions> = { step: true, tolerance: true, seed: true };

/** The derivative of one argument along a random direction. */
export interface GradientCheck {
  /** Which argument. */
  readonly argument: number;
  /** By the graph of derivatives. */
  readonly derivative: number;
  /** By the difference of two values of the function. */
  readonly difference: number;
  /** Their distance, relative to the gradient's norm. */
  readonly relative: number;
}

/** What it needs of an engine. */
interface Runner {
  compile<A extends readonly unknown[], R>(fn: StructureFunction<A, R>): Compiled<A, R>;
  tensor(data: ArrayLike<number>, shape: readonly number[]): Tensor;
  free(results: Tree<Tensor>): void;
}

/** `Engine.checkGradients`. */
export async function checkGradients(
  engine: Runner,
  fn: (...args: Value[]) => Value,
  args: readonly Tensor[],
  options: CheckGradientsOptions,
): Promise<GradientCheck[]> {
  requireFunction('checkGradients', 'fn', fn);
  requireList('checkGradients', 'args', args);
  requireOptions('checkGradients', options, OPTIONS);
  const { step = 1e-2, tolerance = 1e-2, seed = 0 } = options;
  requireNumber('checkGradients', 'step', step);
  requireNumber('checkGradients', 'tolerance', tolerance);
  const random = new RandomStream(seed);
  const drawn = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const weighted = engine.compile((xs: Value[], w: Value) => sum(mul(fn(...xs), w)));
  const shape = engine.compile((xs: Value[]) => scale(fn(...xs), 1));
  const slopes = engine.compile((xs: Value[], w: Value) => grad(sum(mul(fn(...xs), w)), xs));
  const moved = engine.compile((x: Value, direction: Value, by: Value) => add(x, mul(direction, by)));
  const own = [...args];
  const plain = await shape(own);
  const weights = engine.tensor(drawn(product(plain.shape)), plain.shape);
  engine.free(plain);
  const grads = await slopes(own, weights);
  const checks: GradientCheck[] = [];
  for (const [argument, x] of own.entries()) {
    const [numbers, slope] = [await x.data(), Array.from(await grads[argument]!.data())];
    const direction = drawn(numbers.length);
    const length = (of: ArrayLike<number>): number => Math.hypot(...Array.from(of));
    const h = (step * Math.max(length(numbers), 1e-3)) / Math.max(length(direction), 1e-30);
    const along = engine.tensor(direction, x.shape);
    const valueAt = async (by: number): Promise<number> => {
      const far = engine.tensor([by], []);
      const at = await moved(x, along, far);
      const value = await weighted(own.with(argument, at), weights);
      const [number] = await value.data();
      engine.free([far, at, value]);
      return number!;
    };
    const difference = ((await valueAt(h)) - (await valueAt(-h))) / (2 * h);
    const derivative = slope.reduce((total, each, i) => total + each * direction[i]!, 0);
    const relative = Math.abs(derivative - difference) / Math.max(length(slope), 1e-30);
    checks.push({ argument, derivative, difference, relative });
    engine.free(along);
  }
  engine.free([weights, ...grads]);
  for (const each of [weighted, shape, slopes, moved]) each.dispose();
  const wrong = checks.filter(({ relative }) => !(relative <= tolerance));
  if (wrong.length === 0) return checks;
  const listed = wrong.map(
    ({ argument, derivative, difference }) =>
      `argument ${argument}: derivative ${derivative.toPrecision(4)}, difference ${difference.toPrecision(4)}`,
  );
  throw new ConfigError(`checkGradients: derivatives differ along a random direction: ${listed.join('; ')}`, {
    fix: 'check the vjp; near a kink or for large values choose other arguments or another step',
  });
}
