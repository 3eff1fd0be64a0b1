import { slice } from '../graph/ops/movement.ts';
import { nearestRows } from '../graph/ops/nearest.ts';
import type { Value } from '../graph/value.ts';
import { nearestRef } from './reference/nearest.ts';
import { roundingScale, type Tensor64 } from './reference/tensor64.ts';
import { type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

/** Rounding is that of sums of differences, however long the rows are: the search's own never shows. */
const distances =
  (k: number) =>
  (x: Tensor64, bank: Tensor64): Tensor64 => {
    const found = nearestRef(x, bank, k).distances;
    return { ...found, magnitude: found.data.map((d) => roundingScale(d, 4 * x.shape[1]!)) };
  };

interface Case {
  readonly queries: number;
  readonly columns: number;
  readonly rows: number;
  readonly k: number;
}

const CASES: readonly [Case, ...Case[]] = [
  { queries: 37, columns: 29, rows: 211, k: 3 },
  { queries: 1, columns: 1, rows: 1, k: 1 },
  // Several tiles of queries, rows and columns, each with a rest.
  { queries: 67, columns: 130, rows: 331, k: 2 },
];

const searching = ({ queries, columns, rows, k }: Case): Sample => ({
  label: `${queries} x ${columns} in ${rows}, k = ${k}`,
  inputs: shaped([queries, columns], [rows, columns]),
  run: (x, bank) => nearestRows(x, bank, k).distances,
  reference: distances(k),
});

const parts = (bank: Value, rows: number): Value[] => [
  slice(bank, [{ end: rows }]),
  slice(bank, [{ start: rows }]),
];
/** Few values, so that many rows are equal and many distances tie. */
const coarse = (uniform: number): number => Math.floor(uniform * 2);

export const nearestSpecs = {
  nearestRows: {
    samples: [
      ...samplesOf(CASES, searching),
      {
        label: 'a bank in parts of 3 and 128',
        inputs: shaped([11, 10], [131, 10]),
        run: (x, bank) => nearestRows(x, parts(bank, 3), 7).distances,
        reference: distances(7),
      },
    ],
  },
  /** k is the number of rows. */
  nearestRowsAll: {
    doctor: 0,
    differentiable: false,
    samples: [searching({ queries: 9, columns: 64, rows: 5, k: 5 })],
  },
  nearestIndices: {
    ulps: 0,
    differentiable: false,
    // Rows at an infinite distance come in any order.
    specials: false,
    samples: [
      {
        label: 'in a bank in parts, without ties',
        inputs: shaped([9, 16], [97, 16]),
        run: (x, bank) => nearestRows(x, parts(bank, 60), 9).indices,
        reference: (x, bank) => nearestRef(x, bank, 9).indices,
      },
      ...[
        { label: 'ties go to the lower row', shape: [40, 4], rows: 300, k: 9, split: 0 },
        { label: 'ties across parts', shape: [5, 4], rows: 131, k: 3, split: 3 },
      ].map(
        ({ label, shape, rows, k, split }): Sample => ({
          label,
          inputs: [
            { shape, fill: coarse },
            { shape: [rows, 4], fill: coarse },
          ],
          run: (x, bank) => nearestRows(x, split ? parts(bank, split) : bank, k).indices,
          reference: (x, bank) => nearestRef(x, bank, k).indices,
        }),
      ),
    ],
  },
} as const satisfies SpecTable;
