import * as axes from '../../src/nn/axes.ts';
import { logSumExp } from '../../src/nn/logSumExp.ts';
import { all, any } from '../../src/nn/truth.ts';
import { rowsOf } from '../../src/specs/reference/order.ts';
import { at, build, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { ANY_DTYPE, type SpecTable, shaped } from '../../src/specs/spec.ts';

const sparse = (uniform: number): number => Number(uniform < 0.3);

/** What is made of moves, and reductions made of others. */
export const axesSpecs: SpecTable = {
  squeeze: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'one axis of [1, 3, 1]',
        inputs: shaped([1, 3, 1]),
        run: (x) => axes.squeeze(x, [-1]),
        reference: (x) => ({ shape: [1, 3], data: x.data }),
      },
      {
        label: 'all axes of [1, 3, 1]',
        inputs: shaped([1, 3, 1]),
        run: (x) => axes.squeeze(x),
        reference: (x) => ({ shape: [3], data: x.data }),
      },
    ],
  },
  unsqueeze: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'at both ends',
        inputs: shaped([3, 5]),
        run: (x) => axes.unsqueeze(x, [0, -1]),
        reference: (x) => ({ shape: [1, 3, 5, 1], data: x.data }),
      },
    ],
  },
  stack: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'two of [3, 5] along 1',
        inputs: shaped([3, 5], [3, 5]),
        run: (a, b) => axes.stack([a, b], 1),
        reference: (a, b) => build([3, 2, 5], ([i, j, k]) => at(j === 0 ? a! : b!, [i!, k!])),
      },
    ],
  },
  roll: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'by -9 of 7',
        inputs: shaped([3, 7]),
        run: (x) => axes.roll(x, -9, 1),
        reference: (x) => build([3, 7], ([i, j]) => at(x, [i!, (j! + 9) % 7])),
      },
    ],
  },
  tile: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: '[3, 5] 2 by 3 times',
        inputs: shaped([3, 5]),
        run: (x) => axes.tile(x, [2, 3]),
        reference: (x) => build([6, 15], ([i, j]) => at(x, [i! % 3, j! % 5])),
      },
    ],
  },
  tril: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'below the first upper diagonal',
        inputs: shaped([2, 5, 7]),
        run: (x) => axes.tril(x, 1),
        reference: (x) => build([2, 5, 7], ([n, i, j]) => (j! <= i! + 1 ? at(x, [n!, i!, j!]) : 0)),
      },
    ],
  },
  triu: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'above the second lower diagonal',
        inputs: shaped([7, 5]),
        run: (x) => axes.triu(x, -2),
        reference: (x) => build([7, 5], ([i, j]) => (j! >= i! - 2 ? at(x, [i!, j!]) : 0)),
      },
    ],
  },
  logSumExp: {
    ulps: 16,
    samples: [
      {
        label: '[3, 37] over its rows',
        inputs: shaped([3, 37]),
        run: (x) => logSumExp(x, { axes: [1] }),
        reference: (x) =>
          tensor64(
            [3],
            rowsOf(x).map((row) => {
              const most = Math.max(...row);
              if (!Number.isFinite(most)) return most;
              return most + Math.log(row.reduce((sum, v) => sum + Math.exp(v - most), 0));
            }),
          ),
      },
    ],
  },
  any: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    differentiable: false,
    samples: [
      {
        label: 'over the rows of [7, 3]',
        inputs: [{ shape: [7, 3], fill: sparse }],
        run: (x) => any(x, { axes: [1] }),
        reference: (x) =>
          tensor64(
            [7],
            rowsOf(x).map((row) => Number(row.some((v) => v !== 0))),
          ),
      },
    ],
  },
  all: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    differentiable: false,
    samples: [
      {
        label: 'over the rows of [7, 3]',
        inputs: [{ shape: [7, 3], fill: (u) => 1 - sparse(u) }],
        run: (x) => all(x, { axes: [1] }),
        reference: (x) =>
          tensor64(
            [7],
            rowsOf(x).map((row) => Number(row.every((v) => v !== 0))),
          ),
      },
    ],
  },
};
