import type { CarriedOp } from '../graph/carried.ts';
import type { DifferentiableOp } from '../graph/ops/index.ts';
import { resample, transposedTaps } from '../graph/ops/resample.ts';
import { scatterSum } from '../graph/ops/scatter.ts';
import { picked } from '../graph/ops/select.ts';
import { makeValue } from '../graph/value.ts';
import type { Vjp, Vjps } from './rule.ts';

/** The rule of an op that is linear in input `at`: `op`, its transpose, has the same attributes and other inputs. */
const transpose =
  <K extends CarriedOp & DifferentiableOp>(op: K, at = 0): Vjp<K> =>
  ({ inputs, out, cotangent, attrs }) =>
    inputs.map(({ shape }, i) => {
      const operands = inputs.map((each, k) => (k === at ? cotangent : each));
      return i === at ? () => makeValue(op, operands, attrs, shape, 'f32', out) : null;
    });

/** Pairs of linear maps, each the other's transpose. */
export const linearMapVjps = {
  interpolate: transpose('interpolateGrad'),
  interpolateGrad: transpose('interpolate'),
  resample: ({ inputs: [x, weights, spans], out, cotangent, attrs: { axis } }) => [
    () => resample(cotangent, axis, transposedTaps(weights!, spans!, x!.shape[axis]!), out),
    null,
    null,
  ],
  gather: ({ inputs: [x, indices], out, cotangent, attrs }) => [
    () => scatterSum(cotangent, indices!, attrs, x!.shape, out),
    null,
  ],
  gatherGrad: ({ inputs: [, indices, ...order], out, cotangent, attrs }) => [
    () => picked(cotangent, indices!, attrs, out),
    null,
    ...order.map(() => null),
  ],
  avgPool2d: transpose('avgPool2dGrad'),
  avgPool2dGrad: transpose('avgPool2d'),
  // No gradient to x, their first input: which element is largest is treated as fixed.
  maxPool2dPick: transpose('maxPool2dGrad', 1),
  maxPool2dGrad: transpose('maxPool2dPick', 1),
} satisfies Partial<Vjps>;
