import { part, reshape } from '../graph/ops/movement.ts';
import { add, div, equal, mul, neg, scale, shift, square, sub, where } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { NORM_FLOOR } from '../graph/ops/similarity.ts';
import type { Value } from '../graph/value.ts';
import { atLeast, rootOfSquares } from './root.ts';
import type { Vjps } from './rule.ts';

export const similarityVjps = {
  /**
   * With u = a/|a|, v = b/|b|, c = cos: d(1 - c)/da = (c u - v) / |a|, and the mirror image for b. The divisors are at
   * least the floor; the u in c u is a over its true norm, and 0 where that norm is 0.
   */
  cosineMap({ inputs: [a, b], out, cotangent }) {
    const expanded = [out.shape[0]!, 1, ...out.shape.slice(1)];
    const g = reshape(cotangent, expanded);
    const c = shift(neg(reshape(out, expanded)), 1);
    const [sizeA, sizeB] = [channelNorm(a!), channelNorm(b!)];
    const [na, nb] = [atLeast(sizeA, NORM_FLOOR), atLeast(sizeB, NORM_FLOOR)];
    const direction = (x: Value, size: Value): Value => div(x, where(equal(size, 0), 1, size));
    return [
      () => mul(g, div(sub(mul(c, direction(a!, sizeA)), div(b!, nb)), na)),
      () => mul(g, div(sub(mul(c, direction(b!, sizeB)), div(a!, na)), nb)),
    ];
  },
  /** d(a.b)/da = b, d(a.a)/da = 2 a. */
  rowDots({ inputs: [a, b], cotangent }) {
    const column = (i: number): Value => part(cotangent, 1, i, 1);
    return [
      () => add(mul(column(0), b!), mul(scale(column(1), 2), a!)),
      () => add(mul(column(0), a!), mul(scale(column(2), 2), b!)),
    ];
  },
} satisfies Partial<Vjps>;

const channelNorm = (x: Value): Value => rootOfSquares(sum(square(x), { axes: [1], keepDims: true }));
