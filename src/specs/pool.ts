import type { Triple } from '../arguments.ts';
import { avgPool2d, maxPool2d } from '../graph/ops/pool.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { input, makeValue, type Value } from '../graph/value.ts';
import {
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool3d,
  globalAvgPool2d,
  maxPool1d,
  maxPool3d,
} from '../nn/pool.ts';
import type { Shape } from '../shape.ts';
import { interpolateRef, maxPoolGradRef, type PoolRefOptions, poolRef } from './reference/ops.ts';
import { type PoolAlong, poolAlongRef } from './reference/pool.ts';
import { roundingScale } from './reference/tensor64.ts';
import { ANY_DTYPE, type OpSpec, type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case extends PoolRefOptions {
  readonly shape: Shape;
}

const WINDOWS: readonly [Case, ...Case[]] = [
  // Windows overlap.
  { shape: [2, 5, 17, 13], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  // They leave gaps, and a rest.
  { shape: [1, 2, 6, 9], kernel: [3, 2], stride: [1, 3], padding: [1, 0] },
  { shape: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
];

const pools = (run: typeof maxPool2d, kind: 'max' | 'avg'): OpSpec['samples'] =>
  samplesOf(WINDOWS, ({ shape, ...window }) => ({
    label: `${window.kernel}/${window.stride}/${window.padding} of [${shape}]`,
    inputs: shaped(shape),
    run: (x) => run(x, window),
    reference: (x) => poolRef(x, window, kind),
  }));

interface Along extends PoolAlong {
  readonly shape: Shape;
}

/** They overlap, or leave a rest. */
const ROWS: readonly [Along, ...Along[]] = [
  { shape: [2, 3, 11], kernel: [3], stride: [2], padding: [1] },
  { shape: [1, 1, 7], kernel: [2], stride: [2], padding: [0] },
];
const SOLIDS: readonly [Along, ...Along[]] = [
  { shape: [2, 3, 5, 7, 6], kernel: [3, 2, 3], stride: [1, 2, 2], padding: [1, 0, 1] },
  { shape: [1, 1, 4, 4, 5], kernel: [2, 2, 2], stride: [2, 2, 2], padding: [0, 0, 0] },
];

const along = (
  cases: readonly [Along, ...Along[]],
  run: (x: Value, window: PoolAlong) => Value,
  kind: 'max' | 'avg',
): OpSpec['samples'] =>
  samplesOf(cases, ({ shape, ...window }) => ({
    label: `${window.kernel}/${window.stride}/${window.padding} of [${shape}]`,
    inputs: shaped(shape),
    run: (x) => run(x, window),
    reference: (x) => poolAlongRef(x, window, kind),
  }));

/** As the public functions of one axis and of three take it. */
const rowOf = ({ kernel, stride, padding }: PoolAlong) => ({
  kernel: kernel[0]!,
  stride: stride[0]!,
  padding: padding[0]!,
});
const solidOf = ({ kernel, stride, padding }: PoolAlong) => ({
  kernel: kernel as Triple,
  stride: stride as Triple,
  padding: padding as Triple,
});

export const poolSpecs = {
  maxPool2d: { ulps: 0, samples: pools(maxPool2d, 'max') },
  maxPool2dGrad: {
    // Only the reverse sweep makes it, which refuses nothing.
    dtypes: ANY_DTYPE,
    samples: samplesOf([WINDOWS[0]], ({ shape, ...window }): Sample => {
      const out = maxPool2d(input('x', shape), window).shape;
      return {
        label: `${window.kernel}/${window.stride}/${window.padding} of [${shape}]`,
        // Linear in dy: its derivative picks what x has at the largest places.
        inputs: [{ shape, differentiable: false }, { shape: out }],
        run: (x, dy) => makeValue('maxPool2dGrad', [x, dy], { window }, shape),
        reference: (x, dy) => maxPoolGradRef(x, dy, window),
      };
    }),
  },
  avgPool2d: { samples: pools(avgPool2d, 'avg') },
  maxPool1d: { ulps: 0, samples: along(ROWS, (x, window) => maxPool1d(x, rowOf(window)), 'max') },
  avgPool1d: { samples: along(ROWS, (x, window) => avgPool1d(x, rowOf(window)), 'avg') },
  maxPool3d: { ulps: 0, samples: along(SOLIDS, (x, window) => maxPool3d(x, solidOf(window)), 'max') },
  avgPool3d: { samples: along(SOLIDS, (x, window) => avgPool3d(x, solidOf(window)), 'avg') },
  globalAvgPool2d: {
    doctor: 0,
    samples: [
      {
        label: '[3, 5, 7, 2]',
        inputs: shaped([3, 5, 7, 2]),
        run: globalAvgPool2d,
        reference: (x) => {
          const { shape, data } = poolRef(x, { kernel: [7, 2], stride: [7, 2], padding: [0, 0] }, 'avg');
          return { shape: shape.slice(0, 2), data, magnitude: data.map(() => roundingScale(2, 14)) };
        },
      },
    ],
  },
  adaptiveAvgPool2d: {
    doctor: 0,
    samples: [
      {
        label: '[1, 2, 6, 4] to 2',
        inputs: shaped([1, 2, 6, 4]),
        run: (x) => adaptiveAvgPool2d(x, 2),
        reference: (x) => poolRef(x, { kernel: [3, 2], stride: [3, 2], padding: [0, 0] }, 'avg'),
      },
    ],
  },
} as const satisfies SpecTable;

/** From, to: neither a multiple of the other; to one pixel. */
const SIZES: readonly [Resize, ...Resize[]] = [
  [
    [2, 3, 9, 7],
    [23, 18],
  ],
  [
    [1, 1, 6, 6],
    [1, 1],
  ],
];
const FROM_ONE: Resize = [
  [1, 1, 1, 1],
  [3, 2],
];
type Resize = readonly [Shape, readonly [number, number]];

const resizes = (
  mode: 'bilinear' | 'nearest',
  alignCorners: boolean,
  more: readonly Resize[] = [],
): OpSpec['samples'] =>
  samplesOf([...SIZES, ...more], ([shape, [height, width]]) => ({
    label: `[${shape}] to ${height}, ${width}`,
    inputs: shaped(shape),
    run: (x) => interpolate(x, { size: [height, width], mode, alignCorners }),
    reference: (x) => interpolateRef(x, height, width, mode, alignCorners),
  }));

// Source coordinates are float32: an error of 1e-7 of the image times the slope between two pixels.
export const resizeSpecs = {
  interpolate: { ulps: 64, samples: resizes('bilinear', false, [FROM_ONE]) },
  interpolateCorners: { ulps: 64, samples: resizes('bilinear', true) },
  interpolateNearest: { ulps: 0, samples: resizes('nearest', false) },
} as const satisfies SpecTable;
