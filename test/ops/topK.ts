import { kthLargest, takeAlongAxis, topK } from '../../src/graph/ops/topK.ts';
import { input } from '../../src/graph/value.ts';
import { topFractionMean } from '../../src/nn/topFraction.ts';
import { at, build, roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { SpecTable } from './spec.ts';

const sortedRows = (x: Tensor64): number[][] => {
  const width = x.data.length / x.shape[0]!;
  return Array.from({ length: x.shape[0]! }, (_, n) =>
    [...x.data.subarray(n * width, (n + 1) * width)].sort((a, b) => b - a),
  );
};
const ties = (u: number): number => Math.floor(u * 7) - 3;
/** In no order, all different by more than differences' steps: of thousands drawn freely two may be equal. */
const apart = (u: number, i: number): number => (((i * 7919) % 12_297) + 0.5 * u) / 3000 - 2;

/** Places of the k largest of each row: highest first, of equal ones the earlier. */
const largest = ({ shape, data }: Tensor64, k: number): number[][] => {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, n) => {
    const row = data.subarray(n * width, (n + 1) * width);
    return [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k);
  });
};

export const topKSpecs: SpecTable = {
  kthLargest: {
    samples: [
      ...[1, 10, 655, 4099].map((k) => ({
        label: `k = ${k} of 4099`,
        inputs: [{ shape: [3, 4099] }],
        run: (x: Parameters<typeof kthLargest>[0]) => kthLargest(x, k),
        reference: (x: Tensor64) => build([3, 1], ([n]) => sortedRows(x)[n!]![k - 1]!),
      })),
      {
        label: 'ties and negatives',
        inputs: [{ shape: [2, 33], fill: ties, differentiable: false }],
        run: (x) => kthLargest(x, 5),
        reference: (x) => build([2, 1], ([n]) => sortedRows(x)[n!]![4]!),
      },
    ],
    rejects: [[() => kthLargest(input('x', [2, 3]), 4), 'kthLargest: k expects 1 to 3, got 4']],
  },
  topFractionMean: {
    samples: [0, 0.01, 0.3, 1].map((fraction) => ({
      label: `the highest ${fraction}`,
      inputs: [{ shape: [3, 20, 11] }],
      run: (x) => topFractionMean(x, fraction),
      reference: (x) => {
        const k = Math.max(1, Math.floor(fraction * 220 + 1e-9));
        const highest = sortedRows(x).map((row) => row.slice(0, k));
        const mean = (row: number[]): number => row.reduce((s, v) => s + v, 0) / k;
        return {
          shape: [3],
          data: Float64Array.from(highest, mean),
          magnitude: Float64Array.from(highest, (row) => roundingScale(mean(row.map(Math.abs)), k)),
        };
      },
    })),
    rejects: [
      [() => topFractionMean(input('x', [2, 3]), 1.5), 'topFractionMean: fraction expects 0 to 1, got 1.5'],
    ],
  },
  topFractionMeanTies: {
    differentiable: false,
    samples: [
      {
        label: 'ties at the threshold',
        inputs: [{ shape: [2, 50], fill: ties }],
        run: (x) => topFractionMean(x, 0.2),
        reference: (x) =>
          build(
            [2],
            ([n]) =>
              sortedRows(x)
                [n!]!.slice(0, 10)
                .reduce((s, v) => s + v, 0) / 10,
          ),
      },
    ],
  },
  topK: {
    samples: [
      ...[1, 13, 655, 4099].map((k) => ({
        label: `values, k = ${k} of 4099`,
        inputs: [{ shape: [3, 4099], fill: apart }],
        run: (x: Parameters<typeof topK>[0]) => topK(x, k).values,
        reference: (x: Tensor64) => {
          const rows = sortedRows(x);
          return build([3, k], ([n, i]) => rows[n!]![i!]!);
        },
      })),
      {
        label: 'of the last of three axes',
        inputs: [{ shape: [2, 5, 7] }],
        run: (x) => topK(x, 3).values,
        reference: (x) => {
          const places = largest(x, 3);
          return build([2, 5, 3], ([a, b, i]) => at(x, [a!, b!, places[5 * a! + b!]![i!]!]));
        },
      },
      { label: 'of one', inputs: [{ shape: [1] }], run: (x) => topK(x, 1).values, reference: (x) => x },
    ],
    rejects: [
      [() => topK(input('x', [2, 3]), 4), 'topK: k expects 1 to 3, got 4'],
      [() => topK(input('x', []), 1), 'topK: x expects at least one axis, got []'],
    ],
  },
  topKIndices: {
    differentiable: false,
    samples: [
      {
        label: 'ties, the earlier first',
        inputs: [{ shape: [4, 333], fill: ties }],
        run: (x) => topK(x, 100).indices,
        reference: (x) => {
          const places = largest(x, 100);
          return build([4, 100], ([n, i]) => places[n!]![i!]!);
        },
      },
      {
        label: 'all equal, zeros of either sign',
        inputs: [{ shape: [2, 50], fill: (u) => (u < 0.5 ? 0 : -0) }],
        run: (x) => topK(x, 50).indices,
        reference: () => build([2, 50], ([, i]) => i!),
      },
    ],
  },
  takeAlongAxis: {
    samples: [
      {
        label: 'repeated places',
        inputs: [{ shape: [3, 5] }, { shape: [3, 11], dtype: 'i32', fill: (u) => Math.floor(u * 5) }],
        run: takeAlongAxis,
        reference: (x, places) => build([3, 11], ([n, i]) => at(x, [n!, at(places, [n!, i!])])),
      },
    ],
    rejects: [
      [
        () => takeAlongAxis(input('x', [2, 3]), input('i', [2, 1])),
        'takeAlongAxis: indices expects i32, got f32',
      ],
      [
        () => takeAlongAxis(input('x', [2, 3]), input('i', [3, 1], 'i32')),
        'takeAlongAxis: indices expects [2, any], got [3, 1]',
      ],
    ],
  },
};
