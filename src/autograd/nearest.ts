import type { Carrying } from '../graph/carried.ts';
import { part, reshape } from '../graph/ops/movement.ts';
import { add, cast, clamp, equal, mul, scale, shift, sub } from '../graph/ops/pointwise.ts';
import { scatterSum } from '../graph/ops/scatter.ts';
import { picked } from '../graph/ops/select.ts';
import { makeValue, type Value } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

export const nearestVjps = {
  /** d|x - b|^2 = 2 (x - b) dx - 2 (x - b) db, for the rows that were found. */
  nearestRows({ inputs: [x, ...banks], out, cotangent }) {
    let rows = 0;
    const firsts = banks.map((bank) => {
      rows += bank.shape[0]!;
      return rows - bank.shape[0]!;
    });
    const toX = (): Value =>
      banks
        .map((bank, i) =>
          makeValue(
            'nearestRowsGrad',
            [bank, x!, out, cotangent],
            { first: firsts[i]! },
            x!.shape,
            'f32',
            out,
          ),
        )
        .reduce((sum, term) => add(sum, term));
    return [toX, ...banks.map((bank, i) => () => toBank(x!, bank, firsts[i]!, out, cotangent))];
  },
} satisfies Partial<Vjps>;

/** Sums, in order, the terms of each row of the bank; rows found in other parts have weight 0. */
function toBank(
  x: Value,
  bank: Value,
  first: number,
  out: Value & Carrying<'nearestRows'>,
  cotangent: Value,
): Value {
  const [, m, k] = out.shape as [number, number, number];
  const [rows, columns] = bank.shape as [number, number];
  const numbers = shift(reshape(part(out, 0, 1, 1), [m * k]), -first);
  const rowsOf = { axis: 0, each: false };
  const own = clamp(numbers, 0, rows - 1);
  const indices = cast(own, 'i32');
  const weights = mul(equal(own, numbers), reshape(part(cotangent, 0, 0, 1), [m * k]));
  const differences = sub(
    reshape(picked(bank, indices, rowsOf, out), [m, k, columns]),
    reshape(x, [m, 1, columns]),
  );
  const terms = mul(scale(reshape(weights, [m, k, 1]), 2), differences);
  return scatterSum(reshape(terms, [m * k, columns]), indices, rowsOf, bank.shape, out);
}
