import { requireFlag } from '../arguments.ts';
import { rootOfSquares } from '../autograd/root.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { stopGradient } from '../graph/ops/control.ts';
import { slice } from '../graph/ops/movement.ts';
import { square, sub } from '../graph/ops/pointwise.ts';
import { axesOf, REDUCE_OPTIONS, type ReduceOptions, reduce } from '../graph/ops/reduce.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapeText } from '../shape.ts';

export interface VarianceOptions extends ReduceOptions {
  /** True (default) divides by n - 1, as PyTorch does, and refuses a single element; false divides by n. */
  unbiased?: boolean;
}

const VARIANCE_OPTIONS: OptionNames<VarianceOptions> = { ...REDUCE_OPTIONS, unbiased: true };

/**
 * Mean of squared distances from the mean over `axes`, in two passes; the first measures from the first element, so that
 * equal values have a variance of exactly 0 and large offsets cost no digits.
 */
export const variance = (x: Operand, options: VarianceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('variance', extra);
  return spread('variance', x, options);
};

/** Standard deviation; see `variance`. Its derivative is 0 where it is 0. */
export const std = (x: Operand, options: VarianceOptions = {}, ...extra: never[]): Value => {
  refuseExtra('std', extra);
  return rootOfSquares(spread('std', x, options));
};

function spread(name: string, x: Operand, options: VarianceOptions): Value {
  requireOptions(name, options, VARIANCE_OPTIONS);
  const { unbiased = true, ...rest } = options;
  requireFlag(name, 'unbiased', unbiased);
  const value = floatOperand(name, 'x', x);
  const chosen = axesOf(name, value, rest);
  const ends = value.shape.map((size, axis) => (chosen.includes(axis) ? { end: Math.min(size, 1) } : null));
  const moved = sub(value, stopGradient(slice(value, ends)));
  const centre = reduce(name, 'sum', moved, { axes: rest.axes, keepDims: true }, (count) => {
    if (unbiased && count === 1) {
      throw new ShapeError(
        `${name}: x expects at least two elements to vary, got one along the axes of ${shapeText(value.shape)}; unbiased: false takes one`,
      );
    }
    return 1 / count;
  });
  return reduce(name, 'sum', square(sub(moved, centre)), rest, (count) => 1 / (unbiased ? count - 1 : count));
}
