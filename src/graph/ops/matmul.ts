import { requireFlag } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { broadcastShapes, product, shapeText } from '../../shape.ts';
import { floatOperand } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const matmulOps = {
  matmul: {
    attrs: attributes<Readonly<Required<MatmulOptions>> & { readonly epilogue?: Program }>(),
    takesEpilogue: true,
    storesHalf: true,
    averagesHalf: true,
    macs: ({ inputs: [a], shape }) =>
      product(shape.slice(0, -2)) * shape.at(-1)! * product(a!.shape.slice(-2)),
  },
} as const satisfies OpTable;

export interface MatmulOptions {
  /** Read a as [..., K, M]; default false. */
  transposeA?: boolean;
  /** Read b as [..., N, K]; default false. */
  transposeB?: boolean;
}

const MATMUL_OPTIONS: OptionNames<MatmulOptions> = { transposeA: true, transposeB: true };

/** a [..., M, K] times b [..., K, N] -> [..., M, N]; leading axes broadcast. */
export function matmul(a: Operand, b: Operand, options: MatmulOptions = {}, ...extra: never[]): Value {
  refuseExtra('matmul', extra);
  requireOptions('matmul', options, MATMUL_OPTIONS);
  const { transposeA = false, transposeB = false } = options;
  requireFlag('matmul', 'transposeA', transposeA);
  requireFlag('matmul', 'transposeB', transposeB);
  const [left, right] = [floatOperand('matmul', 'a', a), floatOperand('matmul', 'b', b)];
  if (left.shape.length < 2 || right.shape.length < 2) {
    throw new ShapeError(
      `matmul: a and b expect at least two axes, got ${shapeText(left.shape)} and ${shapeText(right.shape)}`,
    );
  }
  const [m, k] = lastTwo(left.shape, transposeA);
  const [kb, n] = lastTwo(right.shape, transposeB);
  if (k !== kb) {
    throw new ShapeError(
      `matmul: b expects ${k} rows to match a, got ${kb}: a ${shapeText(left.shape)}${transposeA ? ' transposed' : ''}, b ${shapeText(right.shape)}${transposeB ? ' transposed' : ''}`,
    );
  }
  const batch = broadcastShapes('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2));
  return makeValue('matmul', [left, right], { transposeA, transposeB }, [...batch, m, n]);
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}
