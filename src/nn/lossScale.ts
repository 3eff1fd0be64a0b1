/**
 * Dynamic loss scaling (Micikevicius et al. 2018), for steps whose activations and their gradients are stored as f16: the loss
 * is multiplied by a scale so that small gradients do not vanish in f16, and the gradients are divided by it. Numbers and rule
 * are those of PyTorch's GradScaler.
 */
import { reshape } from '../graph/ops/movement.ts';
import {
  abs,
  greaterEqual,
  lessEqual,
  maximum,
  mul,
  reciprocal,
  shift,
  scale as times,
  where,
} from '../graph/ops/pointwise.ts';
import { max } from '../graph/ops/reduce.ts';
import { assign } from '../graph/ops/update.ts';
import { state, type Value } from '../graph/value.ts';
import { clipFactor } from './clipNorm.ts';

/** The scale doubles after so many steps in a row whose gradients are finite, and halves after one whose are not. */
const GROWTH_STEPS = 2000;
/** It falls no lower: gradients that overflow even so come from a training that fails. */
export const LEAST_LOSS_SCALE = 2 ** -14;

/** The state that holds the scale, and what steps call the next one. */
export const LOSS_SCALE = 'loss scale';
const STEPS = 'loss scale steps';

/** The largest finite float32. */
const MOST_F32 = (2 - 2 ** -23) * 2 ** 127;

/** What the scaling keeps from step to step, one number each, with what they are at the start. */
export const LOSS_SCALE_START: ReadonlyMap<string, number> = new Map([
  [LOSS_SCALE, 2 ** 16],
  [STEPS, 0],
]);

/** What follows from the gradients of a scaled loss. */
export interface Unscaling {
  /** One number: what they are multiplied by; 0 where one of them is not finite, and the step is given up. */
  readonly factor: Value;
  /** The scale that the next step has: one number. */
  readonly scale: Value;
  readonly effects: readonly Value[];
}

/** A loss times its scale, and what is to be done with the gradients of that. */
export function scaledLoss(loss: Value): {
  readonly scaled: Value;
  /** @param clipNorm largest norm of all gradients together, without the scale; undefined: no limit. */
  unscale(gradients: readonly Value[], clipNorm?: number): Unscaling;
} {
  const [scale, steps] = [state(LOSS_SCALE, [1]), state(STEPS, [1])];
  return {
    scaled: mul(loss, reshape(scale, loss.shape)),
    unscale(gradients, clipNorm) {
      const one = (x: Value): Value => reshape(x, [1]);
      const largest = gradients
        .map((each) => one(max(abs(each))))
        .reduce((most, each) => maximum(most, each));
      // Infinity is more, and NaN compares as false.
      const finite = lessEqual(largest, MOST_F32);
      const inverse = reciprocal(scale);
      const clip =
        clipNorm === undefined
          ? undefined
          : one(
              clipFactor(
                gradients.map((each) => mul(each, inverse)),
                clipNorm,
              ),
            );
      const good = shift(steps, 1);
      const grows = greaterEqual(good, GROWTH_STEPS);
      const next = where(
        finite,
        where(grows, times(scale, 2), scale),
        maximum(times(scale, 0.5), LEAST_LOSS_SCALE),
      );
      return {
        factor: where(finite, clip ? mul(clip, inverse) : inverse, 0),
        scale: next,
        effects: [assign(scale, next), assign(steps, where(finite, where(grows, 0, good), 0))],
      };
    },
  };
}
