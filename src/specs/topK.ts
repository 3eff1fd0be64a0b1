import { kthLargest, topK } from '../graph/ops/topK.ts';
import { topFractionMean } from '../nn/topFraction.ts';
import { product } from '../shape.ts';
import { largest, largestPlaces, rowsOf } from './reference/order.ts';
import { build, roundingScale, type Tensor64 } from './reference/tensor64.ts';
import { ANY_DTYPE, type Sample, type SpecTable, samplesOf } from './spec.ts';

const ties = (uniform: number): number => Math.floor(uniform * 7) - 3;
/** In no order, all different by more than differences' steps: of thousands drawn freely two may be equal. */
const apart = (uniform: number, flat: number): number =>
  (((flat * 7919) % 12_297) + 0.5 * uniform) / 3000 - 2;

const valuesRef = (x: Tensor64, k: number): Tensor64 => ({
  shape: x.shape.with(-1, k),
  data: Float64Array.from(rowsOf(x).flatMap((row) => largest(row, k))),
});

const fractionRef =
  (fraction: number) =>
  (x: Tensor64): Tensor64 => {
    const k = Math.max(1, Math.floor(fraction * product(x.shape.slice(1)) + 1e-9));
    const highest = rowsOf(x, 1).map((row) => largest(row, k));
    const mean = (row: number[]): number => row.reduce((a, b) => a + b, 0) / k;
    return {
      shape: [highest.length],
      data: Float64Array.from(highest, mean),
      magnitude: Float64Array.from(highest, (row) => roundingScale(mean(row.map(Math.abs)), k)),
    };
  };

const fractionSample = (fraction: number): Sample => ({
  label: `of ${fraction}`,
  inputs: [{ shape: [3, 53, 47], fill: apart }],
  run: (x) => topFractionMean(x, fraction),
  reference: fractionRef(fraction),
});

export const topKSpecs = {
  kthLargest: {
    ulps: 0,
    samples: [
      ...samplesOf([25, 4099], (k) => ({
        label: `k = ${k} of 4099`,
        inputs: [{ shape: [3, 4099], fill: apart }],
        run: (x) => kthLargest(x, k),
        reference: (x) => build([3, 1], ([n]) => largest(rowsOf(x)[n!]!, k).at(-1)!),
      })),
      {
        label: 'of ties and negatives',
        inputs: [{ shape: [2, 33], fill: ties, differentiable: false }],
        run: (x) => kthLargest(x, 5),
        reference: (x) => build([2, 1], ([n]) => largest(rowsOf(x)[n!]!, 5).at(-1)!),
      },
    ],
  },
  /** A threshold, and a mean of what lies above: ties count as often as they fit. */
  topFractionMean: {
    samples: [
      ...samplesOf([0.01, 0], fractionSample),
      {
        label: 'with ties at the threshold',
        inputs: [{ shape: [2, 50], fill: ties, differentiable: false }],
        run: (x) => topFractionMean(x, 0.2),
        reference: fractionRef(0.2),
      },
    ],
  },
  topK: {
    dtypes: ANY_DTYPE,
    ulps: 0,
    samples: [
      ...samplesOf([25, 4099], (k) => ({
        label: `k = ${k} of 4099`,
        inputs: [{ shape: [3, 4099], fill: apart }],
        run: (x) => topK(x, k).values,
        reference: (x) => valuesRef(x, k),
      })),
      {
        label: 'of the last of three axes',
        inputs: [{ shape: [2, 5, 7] }],
        run: (x) => topK(x, 3).values,
        reference: (x) => valuesRef(x, 3),
      },
      { label: 'of one', inputs: [{ shape: [1] }], run: (x) => topK(x, 1).values, reference: (x) => x },
    ],
  },
  topKIndices: {
    dtypes: ANY_DTYPE,
    ulps: 0,
    doctor: 2,
    differentiable: false,
    specials: false,
    samples: [
      {
        label: 'of ties, the earlier first',
        inputs: [{ shape: [4, 333], fill: ties }],
        run: (x) => topK(x, 100).indices,
        reference: (x) => build([4, 100], ([n, i]) => largestPlaces(rowsOf(x)[n!]!, 100)[i!]!),
      },
      {
        label: 'of zeros of either sign',
        inputs: [{ shape: [2, 50], fill: (uniform) => (uniform < 0.5 ? 0 : -0) }],
        run: (x) => topK(x, 50).indices,
        reference: () => build([2, 50], ([, i]) => i!),
      },
    ],
  },
} as const satisfies SpecTable;
