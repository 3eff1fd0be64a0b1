import { requireSite } from '../../arguments.ts';
import { randomKernels } from '../../kernels/random.ts';
import { refuseExtra } from '../../options.ts';
import { requireShape, type Shape } from '../../shape.ts';
import { keyOperand } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

const random = {
  attrs: attributes<{ readonly site: number }>(),
  nonDifferentiable: 'it depends on nothing',
} as const;

export const randomOps = {
  /** key (u32) [4] = seed low, seed high, step, 0. Uniform in [0, 1), from (key, site, element). */
  randomUniform: random,
  /** The same key. Standard normal: each pair of uniform words by Box and Muller. */
  randomNormal: random,
} as const satisfies OpTable;

/**
 * Uniform numbers in [0, 1) of `shape` that depend on (seed, step, site, element) alone (Philox 4x32-10), so a resumed
 * run repeats them. `key` is u32 [4]: seed low, seed high, step, 0. Two uses in one graph need different sites, each
 * a whole number below 2^32.
 */
export const randomUniform = (key: Operand, site: number, shape: Shape, ...extra: never[]): Value =>
  draw('randomUniform', key, site, shape, extra);

/** Standard normal numbers, with the same dependence. Do not use one site for both functions. */
export const randomNormal = (key: Operand, site: number, shape: Shape, ...extra: never[]): Value =>
  draw('randomNormal', key, site, shape, extra);

function draw(
  op: keyof typeof randomOps,
  key: Operand,
  site: number,
  shape: Shape,
  extra: readonly never[],
): Value {
  refuseExtra(op, extra);
  requireShape(op, shape);
  requireSite(op, site);
  return makeValue(op, [keyOperand(op, key)], { site }, shape, 'f32', { kernels: randomKernels });
}
