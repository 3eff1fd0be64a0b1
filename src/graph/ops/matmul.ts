import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { broadcastShapes, product, shapesEqual, shapeText } from '../../shape.ts';
import { requireFlag } from '../arguments.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape } from './movement.ts';
import { add } from './pointwise.ts';

export const matmulOps = {
  matmul: {
    attrs: attributes<Readonly<Required<MatmulOptions>> & { readonly epilogue?: Program }>(),
    takesEpilogue: true,
    storesHalf: true,
    averagesHalf: true,
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
  const left = asValue(a, 'matmul');
  const right = asValue(b, 'matmul');
  requireFloat('matmul', { a: left, b: right });
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

/** x [..., in] times weight [out, in] transposed, plus bias [out] -> [..., out]. */
export function linear(x: Operand, weight: Operand, bias?: Operand, ...extra: never[]): Value {
  refuseExtra('linear', extra);
  const value = asValue(x, 'linear');
  const w = asValue(weight, 'linear');
  requireFloat('linear', { x: value, weight: w });
  if (value.shape.length < 1) throw new ShapeError('linear: x expects [..., in], got []');
  if (w.shape.length !== 2 || value.shape.at(-1) !== w.shape[1]) {
    throw new ShapeError(
      `linear: weight expects [out, ${value.shape.at(-1)}] to match x ${shapeText(value.shape)}, got ${shapeText(w.shape)}`,
    );
  }
  const [out, features] = w.shape as [number, number];
  const offset = bias === undefined ? undefined : asValue(bias, 'linear');
  if (offset && !shapesEqual(offset.shape, [out])) {
    throw new ShapeError(`linear: bias expects [${out}], got ${shapeText(offset.shape)}`);
  }
  const outer = value.shape.slice(0, -1);
  // One product of all rows: in batches, each would be a small one, and the weight's gradient a sum of as many.
  const rows = matmul(reshape(value, [product(outer), features]), w, { transposeB: true });
  return reshape(offset ? add(rows, offset) : rows, [...outer, out]);
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}
