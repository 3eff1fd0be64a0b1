import { ShapeError } from '../../errors.ts';
import { product, shapeText } from '../../shape.ts';
import { floatOperand } from '../operands.ts';
import { makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { part, reshape } from './movement.ts';
import { cast } from './pointwise.ts';

export const nearestOps = {
  /** x [M, C], banks [K_i, C]... -> [2, M, k]: squared distances, then row numbers as floats. */
  nearestRows: {
    attrs: attributes<{ readonly k: number }>(),
    // Every row of x meets every row of the bank, which comes in parts.
    macs: ({ inputs: [x, ...banks] }) =>
      banks.reduce((sum, bank) => sum + x!.shape[0]! * product(bank.shape), 0),
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
 * distances then summed from differences, so small distances between long rows keep their digits. Derivatives flow
 * through `distances`, to x and to the bank, as if the choice of rows were fixed.
 * @throws ShapeError for other shapes, k outside 1 to K, or more rows than float32 can number.
 */
export function nearestRows(x: Operand, bank: Operand | readonly Operand[], k: number): NearestRows {
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
  const found = makeValue('nearestRows', [value, ...banks], { k }, [2, value.shape[0]!, k]);
  const plane = (i: number): Value => reshape(part(found, 0, i, 1), [value.shape[0]!, k]);
  return { distances: plane(0), indices: cast(plane(1), 'i32') };
}
