import { cosineMap, rowDots } from '../graph/ops/similarity.ts';
import type { Shape } from '../shape.ts';
import { rowsOf } from './reference/order.ts';
import { cosineRef, dotOf } from './reference/similarity.ts';
import { roundingScale } from './reference/tensor64.ts';
import { type SpecTable, samplesOf, shaped } from './spec.ts';

export const similaritySpecs = {
  cosineMap: {
    samples: samplesOf<Shape>(
      [
        [3, 29, 31],
        [1, 1, 1, 1],
        [1, 257, 3, 3],
      ],
      (shape) => ({
        label: `[${shape}]`,
        inputs: shaped(shape, shape),
        run: cosineMap,
        reference: (a, b) => cosineRef(a, b, (cosine) => 1 - cosine),
      }),
    ),
  },
  rowDots: {
    samples: samplesOf<Shape>(
      [
        [2, 5003],
        [1, 1],
      ],
      (shape) => ({
        label: `[${shape}]`,
        inputs: shaped(shape, shape),
        run: rowDots,
        reference: (a, b) => {
          const sums = rowsOf(a).flatMap((x, n) => {
            const y = rowsOf(b)[n]!;
            return [dotOf(x, y), dotOf(x, x), dotOf(y, y)];
          });
          return {
            shape: [shape[0]!, 3],
            data: Float64Array.from(sums, ({ total }) => total),
            magnitude: Float64Array.from(sums, ({ size }) => roundingScale(size, shape[1]!)),
          };
        },
      }),
    ),
  },
} as const satisfies SpecTable;
