import { concat, reshape } from '../graph/ops/movement.ts';
import type { Value } from '../graph/value.ts';
import { batchMoments, batchNormWeightGrad, type ChannelPair } from '../nn/batchMoments.ts';
import { batchNormTrain, groupNorm, instanceNorm } from '../nn/norm.ts';
import type { Shape } from '../shape.ts';
import {
  batchMomentsRef,
  batchNormTrainRef,
  batchNormWeightGradRef,
  groupNormRef,
} from './reference/batchNorm.ts';
import { type SpecTable, samplesOf, shaped } from './spec.ts';

/** No plane is a multiple of a workgroup's lanes; sums in several runs. */
const SHAPES: readonly [Shape, ...Shape[]] = [
  [3, 17, 13, 11],
  [2, 1, 96, 97],
];
const EPS = 1e-3;

const both = ({ first, second }: ChannelPair): Value =>
  concat([first, second].map((each) => reshape(each, [1, each.shape[0]!])));

const GROUPED: readonly [Grouped, ...Grouped[]] = [
  { shape: [2, 6, 7, 5], groups: 3 },
  { shape: [3, 4], groups: 2 },
  { shape: [1, 2, 300], groups: 1 },
];

interface Grouped {
  readonly shape: Shape;
  readonly groups: number;
}

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
  batchNormTrain: {
    ulps: 64,
    gradTolerance: 5e-3,
    samples: samplesOf<Shape>(
      [
        [3, 17, 13, 11],
        [16, 2, 1, 1],
        [7, 3],
      ],
      (shape) => ({
        label: `[${shape}]`,
        inputs: shaped(shape, [shape[1]!], [shape[1]!]),
        run: (x, weight, bias) => batchNormTrain(x, weight, bias).out,
        reference: (x, weight, bias) => batchNormTrainRef(x, weight, bias, 1e-5),
      }),
    ),
  },
  /** Its derivative is that of `batchNormTrain`. */
  groupNorm: {
    ulps: 64,
    gradTolerance: 5e-3,
    samples: samplesOf(GROUPED, ({ shape, groups }) => ({
      label: `[${shape}] in ${groups}`,
      inputs: shaped(shape, [shape[1]!], [shape[1]!]),
      run: (x, weight, bias) => groupNorm(x, groups, { weight, bias }),
      reference: (x, weight, bias) => groupNormRef(x, groups, weight, bias, 1e-5),
    })),
  },
  instanceNorm: {
    ulps: 64,
    gradTolerance: 5e-3,
    samples: [
      {
        label: '[2, 3, 7, 5], as it is',
        inputs: shaped([2, 3, 7, 5]),
        run: (x) => instanceNorm(x, { eps: 1e-3 }),
        reference: (x) => groupNormRef(x, 3, null, null, 1e-3),
      },
    ],
  },
} as const satisfies SpecTable;
