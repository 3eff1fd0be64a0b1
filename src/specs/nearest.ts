import { slice } from '../graph/ops/movement.ts';
import { farthestRows, nearestRows } from '../graph/ops/nearest.ts';
import type { Value } from '../graph/value.ts';
import { farthestRef, nearestRef } from './reference/nearest.ts';
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
const longer = (uniform: number): number => 1000 + uniform;

interface Picking {
  readonly rows: number;
  readonly columns: number;
  readonly k: number;
}

const PICKING: readonly [Picking, ...Picking[]] = [
  // Several turns of all lanes, with a rest.
  { rows: 300, columns: 29, k: 17 },
  { rows: 1, columns: 1, k: 2 },
];

const picking = ({ rows, columns, k }: Picking, what: 'distances' | 'indices'): Sample => ({
  label: `${k} of ${rows} x ${columns}`,
  inputs: [{ shape: [rows, columns] }, { shape: [rows], fill: (uniform) => 4 * uniform }],
  run: (x, from) => farthestRows(x, from, k)[what],
  reference: (x, from) => farthestRef(x, from, k)[what],
});

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
      {
        label: 'by differences',
        inputs: shaped([37, 29], [211, 29]),
        run: (x, bank) => nearestRows(x, parts(bank, 100), 2, 'differences').distances,
        reference: distances(2),
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
      {
        label: 'by differences, of rows so long that products round to the wrong ones',
        inputs: [
          { shape: [40, 16], fill: longer },
          { shape: [97, 16], fill: longer },
        ],
        run: (x, bank) => nearestRows(x, bank, 1, 'differences').indices,
        reference: (x, bank) => nearestRef(x, bank, 1).indices,
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
  farthestRows: {
    dtypes: ['f32'],
    differentiable: false,
    specials: false,
    samples: samplesOf(PICKING, (of) => picking(of, 'distances')),
  },
  farthestIndices: {
    dtypes: ['f32'],
    ulps: 0,
    differentiable: false,
    specials: false,
    samples: [
      ...samplesOf(PICKING, (of) => picking(of, 'indices')),
      {
        label: 'the first of equals, and that again when all are 0',
        inputs: [
          { shape: [40, 3], fill: coarse },
          { shape: [40], fill: (uniform) => Math.floor(3 * uniform) },
        ],
        run: (x, from) => farthestRows(x, from, 60).indices,
        reference: (x, from) => farthestRef(x, from, 60).indices,
      },
    ],
  },
} as const satisfies SpecTable;
