import { linear, matmul } from '../../src/graph/ops/matmul.ts';
import { relu } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import { matmulRef, transposeRef } from '../../src/specs/reference/ops.ts';
import type { Sample, SpecTable } from './spec.ts';

const CASES: [Shape, Shape, boolean, boolean][] = [
  [[1, 1], [1, 1], false, false],
  [[3, 5], [5, 7], false, false],
  [[5, 3], [5, 7], true, false],
  [[17, 33], [19, 33], false, true],
  [[33, 17], [19, 33], true, true],
  [[2, 3, 4, 5], [3, 5, 6], false, false],
  [[1, 300], [300, 2], false, false],
  [[16, 512], [256, 512], false, true],
  // Large enough to be packed into textures on a CPU adapter.
  [[37, 101], [101, 150], false, false],
  [[101, 37], [150, 101], true, true],
  // A sum longer than a row of texels has room for.
  [[19, 4100], [4100, 33], false, false],
];

export const matmulSpecs: SpecTable = {
  matmul: {
    samples: CASES.map(
      ([a, b, transposeA, transposeB]): Sample => ({
        label: `[${a}]${transposeA ? 'T' : ''} x [${b}]${transposeB ? 'T' : ''}`,
        inputs: [{ shape: a }, { shape: b }],
        run: (x, y) => matmul(x, y, { transposeA, transposeB }),
        reference: (x, y) => matmulRef(transposeA ? transposeRef(x) : x, transposeB ? transposeRef(y) : y),
      }),
    ),
    rejects: [
      [
        () => matmul(input('a', [2, 3]), input('b', [4, 5])),
        'matmul: b expects 3 rows to match a, got 4: a [2, 3], b [4, 5]',
      ],
      [
        () => matmul(input('a', [2, 3], 'i32'), input('b', [3, 5])),
        'matmul: a expects f32, got i32; cast it first',
      ],
    ],
  },
  linear: {
    samples: [
      {
        label: 'bias and relu in the epilogue',
        inputs: [{ shape: [9, 13] }, { shape: [11, 13] }, { shape: [11] }],
        run: (x, w, b) => relu(linear(x, w, b)),
        reference: (x, w, b) => {
          const product = matmulRef(x, transposeRef(w));
          return {
            shape: product.shape,
            data: product.data.map((v, i) => Math.max(0, v + b.data[i % 11]!)),
            magnitude: product.magnitude!.map((m, i) => m + Math.abs(b.data[i % 11]!)),
          };
        },
      },
      {
        label: 'rows in batches',
        inputs: [{ shape: [2, 3, 5] }, { shape: [7, 5] }],
        run: (x, w) => linear(x, w),
        reference: (x, w) => matmulRef(x, transposeRef(w)),
      },
    ],
    rejects: [
      [
        () => linear(input('x', [2, 3]), input('w', [4, 5])),
        'linear: weight expects [out, 3] to match x [2, 3], got [4, 5]',
      ],
    ],
  },
};
