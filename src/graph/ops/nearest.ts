import { ShapeError } from '../../errors.ts';
import { nearestKernels } from '../../kernels/nearest/lowering.ts';
import type { Measure } from '../../kernels/nearest/search.ts';
import { product, shapeText } from '../../shape.ts';
import { FULL_FLOATS, floatOperand } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { part, reshape } from './movement.ts';
import { cast } from './pointwise.ts';

export const nearestOps = {
  /** x [M, C], banks [K_i, C]... -> [2, M, k]: squared distances, then row numbers as floats. */
  nearestRows: {
    attrs: attributes<{ readonly k: number; readonly by: Measure }>(),
    // Every row of x meets every row of the bank, which comes in parts.
    macs: ({ inputs: [x, ...banks] }) =>
      banks.reduce((sum, bank) => sum + x!.shape[0]! * product(bank.shape), 0),
  },
  /** x [M, C], distances [M] -> [2, k]: at what distances rows were picked, then which, as floats. */
  farthestRows: {
    attrs: attributes<{ readonly k: number }>(),
    nonDifferentiable: 'its results are picks',
    macs: ({ inputs: [x], shape }) => shape[1]! * product(x!.shape),
  },
} as const satisfies OpTable;

/** Row numbers travel as float32, which counts to here without gaps. */
const MOST_ROWS = 2 ** 24;

export interface NearestRows {
  /** Squared Euclidean distances, ascending [M, k]. */
  readonly distances: Value;
  /** Whose distances they are (i32) [M, k]; rows at the same distance in ascending order. */
  readonly indices: Value;
}

/**
 * The k rows of `bank` [K, C] nearest to each row of x [M, C], exactly; never an M x K matrix in memory. A bank larger
 * than one binding comes in several parts, whose rows are numbered in order. Rows are found by |b|^2/2 - x.b and their
 * distances then summed from differences, so small distances between long rows keep their digits; `by` differences they
 * are found by those sums themselves. Derivatives flow through `distances`, to x and to the bank, as if the choice of
 * rows were fixed.
 * @throws ShapeError for other shapes, k outside 1 to K, or more rows than float32 can number.
 */
export function nearestRows(
  x: Operand,
  bank: Operand | readonly Operand[],
  k: number,
  by: Measure = 'products',
): NearestRows {
  const value = floatOperand('nearestRows', 'x', x);
  const parts = Array.isArray(bank) ? (bank as readonly Operand[]) : [bank as Operand];
  const banks = parts.map((part) => floatOperand('nearestRows', 'bank', part));
  const wrong: string[] = [];
  for (const [name, each] of [['x', value], ...banks.map((b) => ['bank', b])] as [string, Value][]) {
    if (each.shape.length !== 2 || each.shape[0]! < 1) {
      wrong.push(`${name} expects [rows, columns], got ${shapeText(each.shape)}`);
    } else if (each.shape[1] !== value.shape[1]) {
      wrong.push(`bank expects ${value.shape[1]} columns as x has, got ${shapeText(each.shape)}`);
    }
  }
  const rows = banks.reduce((sum, each) => sum + (each.shape[0] ?? 0), 0);
  if (!(Number.isInteger(k) && k >= 1 && k <= rows)) wrong.push(`k expects 1 to ${rows}, got ${k}`);
  if (rows > MOST_ROWS) wrong.push(`bank expects at most ${MOST_ROWS} rows, got ${rows}`);
  if (wrong.length > 0) throw new ShapeError(`nearestRows: ${wrong.join('; ')}`);
  const found = makeValue('nearestRows', [value, ...banks], { k, by }, [2, value.shape[0]!, k], 'f32', {
    kernels: nearestKernels,
  });
  const plane = (i: number): Value => reshape(part(found, 0, i, 1), [value.shape[0]!, k]);
  return { distances: plane(0), indices: cast(plane(1), 'i32') };
}

export interface FarthestRows {
  /** What the distance of each picked row was when it was picked: never increasing [k]. */
  readonly distances: Value;
  /** Which rows, in the order in which they were picked (i32) [k]. */
  readonly indices: Value;
}

/**
 * k times: picks the row of x [M, C] whose distance, at first that of `distances` [M] (0 or more), is the largest, the first of equals;
 * each distance then becomes the smaller of itself and the Euclidean distance to that row, whose square is the sum that
 * `nearestRows` gives. One workgroup does it all: for thousands of rows.
 * @throws ShapeError for other shapes, or k below 1.
 */
export function farthestRows(x: Operand, distances: Operand, k: number): FarthestRows {
  const value = floatOperand('farthestRows', 'x', x, FULL_FLOATS);
  const first = floatOperand('farthestRows', 'distances', distances, FULL_FLOATS);
  const wrong: string[] = [];
  const [rows = 0] = value.shape;
  if (value.shape.length !== 2 || rows < 1 || rows > MOST_ROWS) {
    wrong.push(`x expects [1 to ${MOST_ROWS} rows, columns], got ${shapeText(value.shape)}`);
  } else if (first.shape.length !== 1 || first.shape[0] !== rows) {
    wrong.push(`distances expects [${rows}], one a row of x, got ${shapeText(first.shape)}`);
  }
  if (!(Number.isInteger(k) && k >= 1)) wrong.push(`k expects 1 or more, got ${k}`);
  if (wrong.length > 0) throw new ShapeError(`farthestRows: ${wrong.join('; ')}`);
  const found = makeValue('farthestRows', [value, first], { k }, [2, k], 'f32', { kernels: nearestKernels });
  const row = (i: number): Value => reshape(part(found, 0, i, 1), [k]);
  return { distances: row(0), indices: cast(row(1), 'i32') };
}
