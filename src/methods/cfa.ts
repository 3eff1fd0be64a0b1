/** CFA: coupled hyperspheres around a bank of means (Lee et al. 2022); methods.md section 8.2. */
import { reshape, slice } from '../graph/ops/movement.ts';
import { add, maximum, mul, neg, relu, scale, shift, sqrt, square, sub } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import { softmax } from '../nn/softmax.ts';

/** Nearest centres that each position is drawn to, as many again that it is kept away from, and those that score it. */
export const ATTRACTED = 3;
export const REPELLED = 3;
export const SCORED = 3;

/** What a repelling centre's squared distance exceeds r² by where it costs nothing; and what both terms count. */
const MARGIN = 0.1;
const WEIGHT = 1000;

/**
 * Attraction into the spheres of the nearest centres, repulsion out of those of the next: 1000 mean(max(0, D - r²)) over
 * the first three, 1000 mean(max(0, r² - D - 0.1)) over the last three.
 * @param squared D, squared distances of each position to its six nearest centres, ascending: [M, 6].
 * @param radius r: [1].
 */
export function hypersphereLoss(squared: Value, radius: Value): Value {
  const reach = square(reshape(radius, [1, 1]));
  const near = slice(squared, [null, { end: ATTRACTED }]);
  const far = slice(squared, [null, { start: ATTRACTED }]);
  const attraction = mean(relu(sub(near, reach)));
  const repulsion = mean(relu(shift(sub(reach, far), -MARGIN)));
  return scale(add(attraction, repulsion), WEIGHT);
}

/**
 * Each position's score: its distance to the nearest centre, times how much nearer that is than the next two (softmin).
 * @param squared squared distances to the three nearest centres, ascending: [M, 3] -> [M].
 */
export function hypersphereScores(squared: Value): Value {
  // A squared distance of nearly 0 may round below it.
  const distances = sqrt(maximum(squared, 0));
  const first = (x: Value): Value => reshape(slice(x, [null, { end: 1 }]), [x.shape[0]!]);
  return mul(first(softmax(neg(distances), 1)), first(distances));
}
