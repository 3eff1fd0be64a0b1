import { gotText, ShapeError } from '../errors.ts';
import { withVjp } from '../graph/ops/control.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, div, equal, greaterEqual, mul, neg, scale, shift, sub, where } from '../graph/ops/pointwise.ts';
import { max, sum } from '../graph/ops/reduce.ts';
import { kthLargest } from '../graph/ops/topK.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { shapeText } from '../shape.ts';
import { flatten } from './axes.ts';

/**
 * Exact mean of the floor(fraction * L) largest values of each row: x [N, ...] -> [N]. Fraction 0 means the
 * maximum (methods.md section 1). Ties at the threshold share their derivative.
 */
export function topFractionMean(x: Operand, fraction: number, ...extra: never[]): Value {
  refuseExtra('topFractionMean', extra);
  const value = asValue(x, 'topFractionMean');
  const rows = flatten(value);
  const [n, length] = rows.shape as [number, number];
  if (!(Number.isFinite(fraction) && fraction >= 0 && fraction <= 1)) {
    throw new ShapeError(`topFractionMean: fraction expects 0 to 1, got ${gotText(fraction)}`);
  }
  if (length === 0) {
    throw new ShapeError(`topFractionMean: x expects elements in each row, got ${shapeText(value.shape)}`);
  }
  const k = Math.floor(fraction * length + 1e-9);
  if (k === 0) return max(rows, { axes: [1] });
  const threshold = kthLargest(rows, k);
  const over = { axes: [1], keepDims: true };
  // NaN sorts above every number; no comparison with it is true.
  const above = where(greaterEqual(threshold, rows), 0, 1);
  // Sums the excess over the threshold, which does not cancel; an infinite threshold is added at the end.
  const finite = where(equal(threshold, Number.NEGATIVE_INFINITY), 0, threshold);
  const excess = sum(where(above, sub(rows, finite), 0), over);
  const result = reshape(add(threshold, scale(excess, 1 / k)), [n]);
  return withVjp(result, [rows], (g) => [
    () => {
      const tied = equal(rows, threshold);
      const room = shift(neg(sum(above, over)), k);
      const share = add(above, mul(tied, div(room, sum(tied, over))));
      return mul(scale(share, 1 / k), reshape(g, [n, 1]));
    },
  ]);
}
