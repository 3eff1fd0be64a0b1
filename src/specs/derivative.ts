import type { Tensor64 } from './reference/tensor64.ts';
import type { Sample } from './spec.ts';

const STEPS = [1e-5, 1e-7, 1e-9];

/**
 * The derivative of <reference, weights> along `direction` of input `which`, by central differences in float64. Where
 * the two sides differ by more than `slack`, a kink lies inside the step (two nearly equal operands of a maximum): a
 * smaller one leaves it outside.
 */
export function slopeAlong(
  { reference }: Sample,
  inputs: readonly Tensor64[],
  which: number,
  direction: ArrayLike<number>,
  weights: ArrayLike<number>,
  slack: number,
): number {
  const loss = (step: number): number => {
    const { shape, data } = inputs[which]!;
    const moved = { shape, data: data.map((value, i) => value + step * direction[i]!) };
    return reference(...inputs.with(which, moved)).data.reduce((sum, v, i) => sum + v * weights[i]!, 0);
  };
  const here = loss(0);
  let slope = Number.NaN;
  for (const step of STEPS) {
    const [ahead, behind] = [(loss(step) - here) / step, (here - loss(-step)) / step];
    slope = (ahead + behind) / 2;
    if (Math.abs(ahead - behind) <= slack) break;
  }
  return slope;
}
