import { concat, reshape } from '../graph/ops/movement.ts';
import type { Value } from '../graph/value.ts';
import { batchMoments, batchNormWeightGrad, type ChannelPair } from '../nn/batchMoments.ts';
import { batchNorm2dTrain } from '../nn/norm.ts';
import type { Shape } from '../shape.ts';
import { batchMomentsRef, batchNormTrainRef, batchNormWeightGradRef } from './reference/batchNorm.ts';
import { type SpecTable, samplesOf, shaped } from './spec.ts';

/** No plane is a multiple of a workgroup's lanes; sums in several runs. */
const SHAPES: readonly [Shape, ...Shape[]] = [
  [3, 17, 13, 11],
  [2, 1, 96, 97],
];
const EPS = 1e-3;

const both = ({ first, second }: ChannelPair): Value =>
  concat([first, second].map((each) => reshape(each, [1, each.shape[0]!])));

export const batchNormSpecs = {
  /** Also of rows, which have no plane, and of channels of one element. */
  batchMoments: {
    samples: samplesOf<Shape>([...SHAPES, [5, 7], [1, 3, 1, 1]], (shape) => ({
      label: `[${shape}]`,
      inputs: shaped(shape),
      run: (x) => both(batchMoments(x)),
      reference: batchMomentsRef,
    })),
  },
  batchNormWeightGrad: {
    ulps: 16,
    samples: samplesOf(SHAPES, (shape) => ({
      label: `[${shape}]`,
      inputs: shaped(shape, shape),
      run: (dout, x) => both(batchNormWeightGrad(dout, x, batchMoments(x), EPS)),
      reference: (dout, x) => batchNormWeightGradRef(dout, x, EPS),
    })),
  },
  /** Its derivative is its own. */
  batchNorm2dTrain: {
    ulps: 64,
    gradTolerance: 5e-3,
    samples: samplesOf<Shape>(
      [
        [3, 17, 13, 11],
        [16, 2, 1, 1],
      ],
      (shape) => ({
        label: `[${shape}]`,
        inputs: shaped(shape, [shape[1]!], [shape[1]!]),
        run: (x, weight, bias) => batchNorm2dTrain(x, weight, bias).out,
        reference: (x, weight, bias) => batchNormTrainRef(x, weight, bias, 1e-5),
      }),
    ),
  },
} as const satisfies SpecTable;
