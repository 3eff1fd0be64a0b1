import { matmul } from '../graph/ops/matmul.ts';
import { linear } from '../nn/linear.ts';
import type { Shape } from '../shape.ts';
import { matmulRef, transposeRef } from './reference/ops.ts';
import { type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case {
  readonly a: Shape;
  readonly b: Shape;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** The derivatives of a product are products with one operand transposed: each case tries three. */
const CASES: readonly [Case, ...Case[]] = [
  { a: [37, 65], b: [65, 41] },
  // Leading axes of which one stretches.
  { a: [2, 3, 17, 33], b: [3, 29, 33], transposeB: true },
  { a: [1, 1], b: [1, 1] },
  { a: [33, 17], b: [19, 33], transposeA: true, transposeB: true },
  // One row, and a long sum in parts.
  { a: [1, 300], b: [300, 2] },
  // Large enough to be packed into textures on a CPU adapter.
  { a: [37, 101], b: [101, 150] },
  { a: [101, 37], b: [150, 101], transposeA: true, transposeB: true },
  // A sum longer than a row of texels has room for.
  { a: [19, 4100], b: [4100, 33] },
];

export const matmulSpecs = {
  matmul: {
    doctor: 2,
    samples: samplesOf(CASES, ({ a, b, transposeA = false, transposeB = false }) => ({
      label: `[${a}]${transposeA ? 'T' : ''} x [${b}]${transposeB ? 'T' : ''}`,
      inputs: shaped(a, b),
      run: (x, y) => matmul(x, y, { transposeA, transposeB }),
      reference: (x, y) => matmulRef(transposeA ? transposeRef(x) : x, transposeB ? transposeRef(y) : y),
    })),
  },
  linear: {
    doctor: 0,
    samples: [
      {
        label: 'rows in batches, with a bias',
        inputs: shaped([2, 3, 5], [7, 5], [7]),
        run: linear,
        reference: (x, w, bias) => {
          const { shape, data, magnitude } = matmulRef(x!, transposeRef(w!));
          return {
            shape,
            data: data.map((v, i) => v + bias!.data[i % 7]!),
            magnitude: magnitude!.map((v, i) => v + Math.abs(bias!.data[i % 7]!)),
          };
        },
      },
    ],
  },
} as const satisfies SpecTable;
