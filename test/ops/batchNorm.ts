import { batchMoments, batchNormWeightGrad, type ChannelPair } from '../../src/graph/ops/batchNorm.ts';
import { concat, reshape } from '../../src/graph/ops/movement.ts';
import { input, type Value } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import { batchMomentsRef, batchNormWeightGradRef } from '../../src/specs/reference/batchNorm.ts';
import type { SpecTable } from './spec.ts';

/** A channel of one element, planes smaller and larger than a workgroup's lanes, sums in several runs, no plane at all. */
const shapes: Shape[] = [
  [1, 3, 1, 1],
  [5, 7],
  [3, 65, 2, 3],
  [2, 5, 8, 16],
  [3, 2, 53, 47],
  [2, 1, 96, 96],
];
const EPS = 1e-3;

const both = ({ first, second }: ChannelPair): Value =>
  concat([first, second].map((each) => reshape(each, [1, each.shape[0]!])));

export const batchNormSpecs: SpecTable = {
  batchMoments: {
    samples: shapes.map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }],
      run: (x) => both(batchMoments(x)),
      reference: batchMomentsRef,
    })),
    rejects: [
      [() => batchMoments(input('x', [4])), 'batchMoments: x expects [N, C, ...] with elements, got [4]'],
      [
        () => batchMoments(input('x', [0, 4, 2, 2])),
        'batchMoments: x expects [N, C, ...] with elements, got [0, 4, 2, 2]',
      ],
    ],
  },
  batchNormWeightGrad: {
    ulps: 16,
    samples: shapes.slice(1).map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }, { shape }],
      run: (dout, x) => both(batchNormWeightGrad(dout, x, batchMoments(x), EPS)),
      reference: (dout, x) => batchNormWeightGradRef(dout, x, EPS),
    })),
    rejects: [
      [
        () => {
          const x = input('x', [2, 3, 4, 4]);
          return batchNormWeightGrad(input('dout', [2, 3, 4, 5]), x, batchMoments(x), EPS);
        },
        'batchNormWeightGrad: dout expects [2, 3, 4, 4] (the shape of x), got [2, 3, 4, 5]',
      ],
    ],
  },
};
