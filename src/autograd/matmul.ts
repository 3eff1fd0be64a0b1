import { matmul } from '../graph/ops/matmul.ts';
import type { Vjps } from './rule.ts';

export const matmulVjps = {
  /** out = A B: dA = g B^T, dB = A^T g; a transposed operand gets the transposed formula. */
  matmul: ({ inputs: [a, b], cotangent: g, attrs: { transposeA, transposeB } }) => [
    () =>
      transposeA
        ? matmul(b!, g, { transposeA: transposeB, transposeB: true })
        : matmul(g, b!, { transposeB: !transposeB }),
    () =>
      transposeB
        ? matmul(g, a!, { transposeA: true, transposeB: transposeA })
        : matmul(a!, g, { transposeA: !transposeA }),
  ],
} satisfies Partial<Vjps>;
