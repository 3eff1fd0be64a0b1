import * as ops from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { linear } from '../../src/nn/linear.ts';
import { conv2dReference } from '../../src/specs/reference/conv.ts';
import { sigmoid } from '../../src/specs/reference/functions.ts';
import { dropAxes, map2, map3, matmulRef, reduceRef, transposeRef } from '../../src/specs/reference/ops.ts';
import { ANY_DTYPE, type SpecTable, shaped } from '../../src/specs/spec.ts';

/** Ops that share one kernel where plans are fused. */
export const fusedSpecs: SpecTable = {
  // One program, with a value used twice and one that is cheap to repeat.
  chain: {
    ulps: 64,
    samples: [
      {
        label: 'normalise, activate, add',
        inputs: shaped([2, 5, 7], [5, 1], [2, 5, 7]),
        run: (x, s, y) => {
          const normal = ops.mul(ops.sub(x, 0.5), s);
          return ops.add(ops.sigmoid(normal), ops.mul(normal, ops.tanh(y)));
        },
        reference: (x, s, y) =>
          map3(x, s, y, (a, b, c) => sigmoid((a - 0.5) * b) + (a - 0.5) * b * Math.tanh(c)),
      },
    ],
  },
  // The product fuses into the reduction's load.
  dot: {
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'sum of a product, broadcast',
        inputs: shaped([3, 65, 5], [65, 1]),
        run: (a, b) => sum(ops.mul(a, b), { axes: [0, 2] }),
        reference: (a, b) => {
          const products = map2(a, b, (x, y) => x * y);
          return dropAxes(
            reduceRef(products, [0, 2], 0, (x, y) => x + y),
            [0, 2],
          );
        },
      },
    ],
  },
  linearEpilogue: {
    samples: [
      {
        label: 'bias and relu in the store',
        inputs: shaped([9, 13], [11, 13], [11]),
        run: (x, w, b) => ops.relu(linear(x, w, b)),
        reference: (x, w, b) => {
          const { shape, data, magnitude } = matmulRef(x, transposeRef(w));
          return {
            shape,
            data: data.map((v, i) => Math.max(0, v + b.data[i % 11]!)),
            magnitude: magnitude!.map((m, i) => m + Math.abs(b.data[i % 11]!)),
          };
        },
      },
    ],
  },
  convEpilogue: {
    // Winograd's transforms spread NaN over pixels that they compute together.
    specials: 'spread',
    samples: [
      {
        label: 'bias, residual and relu in one dispatch',
        inputs: shaped([2, 4, 6, 6], [4, 4, 3, 3], [4]),
        run: (x, w, bias) => ops.relu(ops.add(conv2d(x, w, { padding: 1, bias }), x)),
        reference: (x, w, b) => {
          const geometry = {
            stride: [1, 1],
            padding: [1, 1, 1, 1],
            dilation: [1, 1],
            groups: 1,
          } as const;
          const { shape, data, magnitude } = conv2dReference(x, w, geometry, x.shape);
          return {
            shape,
            data: data.map((v, i) => Math.max(0, v + b.data[Math.floor(i / 36) % 4]! + x.data[i]!)),
            magnitude: magnitude!.map((m) => m + 4),
          };
        },
      },
    ],
  },
};
