import { slice } from '../../src/graph/ops/movement.ts';
import { nearestRows } from '../../src/graph/ops/nearest.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { nearestRef } from '../../src/specs/reference/nearest.ts';
import { roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { Sample, SpecTable } from './spec.ts';

/** Rounding is that of sums of differences, however long the rows are: the search's own never shows. */
const distances =
  (k: number) =>
  (x: Tensor64, bank: Tensor64): Tensor64 => {
    const found = nearestRef(x, bank, k).distances;
    return { ...found, magnitude: found.data.map((d) => roundingScale(d, 4 * x.shape[1]!)) };
  };

const sample = (m: number, columns: number, rows: number, k: number): Sample => ({
  label: `${m} x ${columns} in ${rows}, k = ${k}`,
  inputs: [{ shape: [m, columns] }, { shape: [rows, columns] }],
  run: (x, bank) => nearestRows(x, bank, k).distances,
  reference: distances(k),
});

const parts = (bank: Value): Value[] => [slice(bank, [{ end: 3 }]), slice(bank, [{ start: 3 }])];
/** Few values, so that many rows are equal and many distances tie. */
const coarse = (u: number): number => Math.floor(u * 2);

export const nearestSpecs: SpecTable = {
  nearestRows: {
    samples: [
      sample(1, 1, 1, 1),
      sample(1, 7, 13, 9),
      sample(9, 64, 5, 5),
      sample(17, 130, 129, 2),
      sample(67, 33, 1031, 6),
      sample(131, 16, 700, 1),
      {
        label: 'a bank in parts of 3 and 128',
        inputs: [{ shape: [11, 10] }, { shape: [131, 10] }],
        run: (x, bank) => nearestRows(x, parts(bank), 7).distances,
        reference: distances(7),
      },
    ],
    rejects: [
      [
        () => nearestRows(input('x', [2, 3]), input('b', [4, 5]), 5),
        'nearestRows: bank expects 3 columns as x has, got [4, 5]; k expects 1 to 4, got 5',
      ],
      [
        () => nearestRows(input('x', [2]), input('b', [4, 5]), 1),
        'nearestRows: x expects [rows, columns], got [2]',
      ],
      [() => nearestRows(input('x', [2, 3], 'i32'), input('b', [4, 3]), 1), 'x expects f32, got i32'],
    ],
  },
  nearestIndices: {
    differentiable: false,
    samples: [
      {
        label: 'ties go to the lower row',
        inputs: [
          { shape: [40, 4], fill: coarse },
          { shape: [300, 4], fill: coarse },
        ],
        run: (x, bank) => nearestRows(x, bank, 9).indices,
        reference: (x, bank) => nearestRef(x, bank, 9).indices,
      },
      {
        label: 'ties across parts',
        inputs: [
          { shape: [5, 4], fill: coarse },
          { shape: [131, 4], fill: coarse },
        ],
        run: (x, bank) => nearestRows(x, parts(bank), 3).indices,
        reference: (x, bank) => nearestRef(x, bank, 3).indices,
      },
    ],
  },
};
