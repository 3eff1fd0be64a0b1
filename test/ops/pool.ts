import { adaptiveAvgPool2d, avgPool2d, globalAvgPool2d, maxPool2d } from '../../src/graph/ops/pool.ts';
import { interpolate } from '../../src/graph/ops/resize.ts';
import { input, makeValue } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import {
  dropAxes,
  interpolateRef,
  maxPoolGradRef,
  poolRef,
  reduceRef,
} from '../../src/specs/reference/ops.ts';
import type { Sample, SpecTable } from './spec.ts';

const WINDOWS: [Shape, [number, number], [number, number], [number, number]][] = [
  [
    [2, 3, 8, 7],
    [3, 3],
    [2, 2],
    [1, 1],
  ],
  [
    [1, 1, 5, 5],
    [2, 2],
    [2, 2],
    [0, 0],
  ],
  [
    [1, 2, 6, 9],
    [3, 2],
    [1, 3],
    [1, 0],
  ],
  [
    [1, 1, 1, 1],
    [1, 1],
    [1, 1],
    [0, 0],
  ],
];

const pools = (run: typeof maxPool2d, kind: 'max' | 'avg'): Sample[] =>
  WINDOWS.map(([shape, kernel, stride, padding]) => ({
    label: `[${shape}] ${kernel}/${stride}/${padding}`,
    inputs: [{ shape }],
    run: (x) => run(x, { kernel, stride, padding }),
    reference: (x) => poolRef(x, { kernel, stride, padding }, kind),
  }));

const SIZES: [Shape, [number, number]][] = [
  [
    [1, 2, 4, 4],
    [8, 8],
  ],
  [
    [2, 1, 3, 5],
    [7, 4],
  ],
  [
    [1, 1, 1, 1],
    [3, 2],
  ],
  [
    [1, 1, 6, 6],
    [1, 1],
  ],
  [
    [1, 3, 8, 8],
    [32, 32],
  ],
];

const resizes = (mode: 'bilinear' | 'nearest', alignCorners: boolean): Sample[] =>
  SIZES.map(([shape, size]) => ({
    label: `[${shape}] to ${size} ${mode}${alignCorners ? ' corners' : ''}`,
    inputs: [{ shape }],
    run: (x) => interpolate(x, { size, mode, alignCorners }),
    reference: (x) => interpolateRef(x, size[0], size[1], mode, alignCorners),
  }));

export const poolSpecs: SpecTable = {
  maxPool2dGrad: {
    samples: WINDOWS.map(([shape, kernel, stride, padding]) => {
      const window = { kernel, stride, padding };
      const out = maxPool2d(input('x', shape), window).shape;
      return {
        label: `[${shape}] ${kernel}/${stride}/${padding}`,
        inputs: [{ shape, differentiable: false }, { shape: out }],
        run: (x, dy) => makeValue('maxPool2dGrad', [x, dy], { window }, shape),
        reference: (x, dy) => maxPoolGradRef(x, dy, window),
      };
    }),
  },
  maxPool2d: {
    samples: pools(maxPool2d, 'max'),
    rejects: [
      [
        () => maxPool2d(input('x', [1, 1, 4, 4]), { kernel: 2, padding: 2 }),
        'maxPool2d: padding expects at most half the kernel',
      ],
    ],
  },
  avgPool2d: {
    samples: pools(avgPool2d, 'avg'),
    rejects: [
      [() => avgPool2d(input('x', [4, 4]), { kernel: 2 }), 'avgPool2d: x expects rank 4, got [4, 4]'],
    ],
  },
  globalAvgPool2d: {
    samples: [
      {
        label: '[3, 5, 7, 2]',
        inputs: [{ shape: [3, 5, 7, 2] }],
        run: globalAvgPool2d,
        reference: (x) => {
          const total = dropAxes(
            reduceRef(x, [2, 3], 0, (a, b) => a + b),
            [2, 3],
          );
          return {
            shape: total.shape,
            data: total.data.map((v) => v / 14),
            magnitude: total.magnitude!.map((v) => v / 14),
          };
        },
      },
    ],
  },
  adaptiveAvgPool2d: {
    samples: [
      {
        label: '[1, 2, 6, 4] to 2',
        inputs: [{ shape: [1, 2, 6, 4] }],
        run: (x) => adaptiveAvgPool2d(x, 2),
        reference: (x) => poolRef(x, { kernel: [3, 2], stride: [3, 2], padding: [0, 0] }, 'avg'),
      },
    ],
    rejects: [
      [
        () => adaptiveAvgPool2d(input('x', [1, 1, 5, 5]), 2),
        'adaptiveAvgPool2d: size expects divisors of 5x5, got 2x2',
      ],
    ],
  },
  // Source coordinates are float32: an error of 1e-7 of the image times the slope between two pixels.
  interpolateBilinear: { ulps: 64, samples: resizes('bilinear', false) },
  interpolateCorners: { ulps: 64, samples: resizes('bilinear', true) },
  interpolateNearest: {
    samples: resizes('nearest', false),
    rejects: [
      [
        () => interpolate(input('x', [1, 1, 2, 2]), { size: 4, mode: 'nearest', alignCorners: true }),
        'interpolate: alignCorners expects mode bilinear',
      ],
    ],
  },
};
