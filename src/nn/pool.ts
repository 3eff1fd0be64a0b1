import { type Pair, pairOf } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { requireRank } from '../graph/operands.ts';
import { avgPool2d } from '../graph/ops/pool.ts';
import { mean } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';

/** Mean over all positions: x [N, C, H, W] -> [N, C]. */
export function globalAvgPool2d(x: Operand, ...extra: never[]): Value {
  refuseExtra('globalAvgPool2d', extra);
  const value = asValue(x, 'globalAvgPool2d');
  requireRank('globalAvgPool2d', 'x', value, 4);
  return mean(value, { axes: [2, 3] });
}

/** Pools to exactly `size`, which must divide x's: x [N, C, H, W] -> [N, C, size, size]. */
export function adaptiveAvgPool2d(x: Operand, size: Pair, ...extra: never[]): Value {
  refuseExtra('adaptiveAvgPool2d', extra);
  const value = asValue(x, 'adaptiveAvgPool2d');
  requireRank('adaptiveAvgPool2d', 'x', value, 4);
  const [oh, ow] = pairOf('adaptiveAvgPool2d', 'size', size, 1);
  const [h, w] = value.shape.slice(2) as [number, number];
  if (h % oh !== 0 || w % ow !== 0) {
    throw new ShapeError(`adaptiveAvgPool2d: size expects divisors of ${h}x${w}, got ${oh}x${ow}`);
  }
  return avgPool2d(value, { kernel: [h / oh, w / ow] });
}
