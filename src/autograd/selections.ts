import { stopGradient } from '../graph/ops/control.ts';
import { equal, mul } from '../graph/ops/pointwise.ts';
import { argmax } from '../graph/ops/reduce.ts';
import { placesOf } from '../graph/ops/select.ts';
import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

/** Ops that pick elements; which ones they pick is treated as fixed. */
export const selectionVjps = {
  maxPool2d: ({ inputs: [x], out, cotangent, attrs }) => [
    () => makeValue('maxPool2dGrad', [x!, cotangent], attrs, x!.shape, 'f32', out),
  ],
  /** The first of equal elements gets the derivative. */
  kthLargest: ({ inputs: [x], out, cotangent }) => [
    () => mul(stopGradient(placesOf(argmax(equal(x!, out), 1), x!.shape[1]!, out)), cotangent),
  ],
} satisfies Partial<Vjps>;
