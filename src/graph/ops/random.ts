import { DtypeError } from '../../errors.ts';
import { refuseExtra } from '../../options.ts';
import { requireShape, type Shape, shapeText } from '../../shape.ts';
import { requireSite } from '../arguments.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

const attrs = attributes<{ readonly site: number }>();

export const randomOps = {
  /** key (u32) [4] = seed low, seed high, step, 0. Uniform in [0, 1), from (key, site, element). */
  randomUniform: { attrs, nonDifferentiable: 'it depends on nothing' },
  /** The same key. Standard normal: each pair of uniform words by Box and Muller. */
  randomNormal: { attrs, nonDifferentiable: 'it depends on nothing' },
} as const satisfies OpTable;

/**
 * Uniform numbers in [0, 1) of `shape` that depend on (seed, step, site, element) alone (Philox 4x32-10), so a resumed
 * run repeats them. `key` is u32 [4]: seed low, seed high, step, 0. Two uses in one graph need different sites, each
 * a whole number below 2^32.
 */
export const randomUniform = (key: Operand, site: number, shape: Shape, ...extra: never[]): Value => {
  refuseExtra('randomUniform', extra);
  return random('randomUniform', key, site, shape);
};

/** Standard normal numbers that depend on the same alone. No site serves both functions. */
export const randomNormal = (key: Operand, site: number, shape: Shape, ...extra: never[]): Value => {
  refuseExtra('randomNormal', extra);
  return random('randomNormal', key, site, shape);
};

function random(op: keyof typeof randomOps, key: Operand, site: number, shape: Shape): Value {
  requireShape(op, shape);
  requireSite(op, site);
  return makeValue(op, [keyOf(op, key)], { site }, shape);
}

function keyOf(op: string, key: Operand): Value {
  const value = asValue(key, op);
  if (value.dtype !== 'u32' || value.shape.length !== 1 || value.shape[0] !== 4) {
    throw new DtypeError(`${op}: key expects u32 [4], got ${value.dtype} ${shapeText(value.shape)}`);
  }
  return value;
}
