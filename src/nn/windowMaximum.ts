import { avgPool2d } from '../graph/ops/pool.ts';
import { max } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';

/**
 * The highest mean of `side` x `side` neighbouring pixels of each map: [N, 1, H, W] -> [N]. Zeros count `padding` pixels beyond
 * the border.
 */
export function windowMaximum(map: Value, side: number, padding = 0): Value {
  // A mean of columns' means: 2 side readings a pixel for side².
  const columns = avgPool2d(map, { kernel: [side, 1], stride: 1, padding: [padding, 0] });
  const windows = avgPool2d(columns, { kernel: [1, side], stride: 1, padding: [0, padding] });
  return max(windows, { axes: [1, 2, 3] });
}
