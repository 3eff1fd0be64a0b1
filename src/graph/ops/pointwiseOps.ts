import { requireAnyNumber } from '../../arguments.ts';
import type { IntegerName } from '../../kernels/integers.ts';
import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import type { Program } from '../../kernels/program.ts';
import { broadcastShapes, type Shape } from '../../shape.ts';
import { floatOperand } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { integerOf, integers, takesIntegers } from './integers.ts';

export const pointwiseOps = {
  /** Inputs broadcast (NumPy rules) to the result's shape. */
  pointwise: { attrs: attributes<{ readonly program: Program }>(), pointwise: true, storesHalf: true },
  /** Another element type, same shape. Floats to integers truncate towards zero and saturate; derivatives flow between floats. */
  cast: { readsHalf: true },
} as const satisfies OpTable;

/** One pointwise function applied to broadcast operands: floats, or integers where it is one of those too. */
export function pointwise(
  fn: PointwiseName,
  operands: readonly Operand[],
  params: readonly number[] = [],
): Value {
  // The condition of `where` says nothing about what is chosen.
  const typed = fn === 'where' ? operands.slice(1) : operands;
  const whole = takesIntegers(fn) ? typed.map((each) => integerOf(each, fn)).find((each) => each) : undefined;
  if (whole) return integers(fn as IntegerName, operands, whole.dtype, params);
  const inputs = operands.map((operand, i) => floatOperand(fn, `argument ${i}`, operand));
  for (const param of params) requireAnyNumber(fn, param);
  const shape = inputs.reduce<Shape>((soFar, value) => broadcastShapes(fn, soFar, value.shape), []);
  const step = { fn, args: inputs.map((_, i) => i), params };
  return makeValue('pointwise', inputs, { program: { inputs: inputs.length, steps: [step] } }, shape);
}

/**
 * d / sqrt(factor variance + eps). One function, so that a variance per channel costs no dispatch of its own on its way
 * into a batch norm's result.
 */
export const perDeviation = (
  d: Operand,
  variance: Operand,
  { factor, eps }: { factor: number; eps: number },
): Value => pointwise('perDeviation', [d, variance], [factor, eps]);
