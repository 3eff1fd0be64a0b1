import type { Triple } from '../arguments.ts';
import { maximum } from '../graph/ops/pointwise.ts';
import {
  type AvgPoolOptions,
  avgPool2d,
  maxPool2d,
  maxPool2dWithIndices,
  POOL,
  type PoolOptions,
} from '../graph/ops/pool.ts';
import { type InterpolateMode, interpolate } from '../graph/ops/resize.ts';
import { input, makeValue, type Value, type ValueOf } from '../graph/value.ts';
import {
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool3d,
  globalAvgPool2d,
  maxPool1d,
  maxPool3d,
  maxUnpool2d,
} from '../nn/pool.ts';
import type { Shape } from '../shape.ts';
import { interpolateRef, map1, maxPoolGradRef, type PoolRefOptions, poolRef } from './reference/ops.ts';
import { type PoolAlong, poolAlongRef } from './reference/pool.ts';
import { resampleRef } from './reference/resample.ts';
import { roundingScale } from './reference/tensor64.ts';
import { ANY_DTYPE, type OpSpec, type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case extends PoolRefOptions {
  readonly shape: Shape;
}

const WINDOWS: readonly [Case, ...Case[]] = [
  // Windows overlap.
  { shape: [2, 5, 17, 13], kernel: [3, 3], stride: [2, 2], sides: [1, 1, 1, 1] },
  // They leave gaps, and a rest.
  { shape: [1, 2, 6, 9], kernel: [3, 2], stride: [1, 3], sides: [1, 1, 0, 0] },
  { shape: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], sides: [0, 0, 0, 0] },
  // Other padding at each side, dilated; the last window reaches beyond.
  {
    shape: [2, 3, 11, 10],
    kernel: [3, 2],
    stride: [2, 3],
    sides: [2, 0, 1, 2],
    dilation: [2, 3],
    ceilMode: true,
  },
  { shape: [1, 2, 7, 8], kernel: [2, 3], stride: [2, 3], sides: [1, 0, 0, 1], ceilMode: true },
];
const WITHOUT_PADDING: readonly Case[] = WINDOWS.slice(-2).map((each) => ({
  ...each,
  countIncludePad: false,
}));
/** Some windows have nothing of the image. */
const SPARSE: Case = {
  shape: [1, 1, 2, 3],
  kernel: [2, 2],
  stride: [1, 1],
  sides: [2, 2, 3, 3],
  dilation: [3, 4],
};

function optionsOf({ kernel, stride, sides, dilation, ceilMode }: PoolRefOptions): PoolOptions {
  const padding = [
    [sides[0], sides[1]],
    [sides[2], sides[3]],
  ] as const;
  return { kernel, stride, padding, ...(dilation && { dilation }), ...(ceilMode && { ceilMode }) };
}

const labelOf = ({ shape, kernel, stride, sides, dilation, countIncludePad }: Case): string => {
  const more = `${dilation ? `, dilated ${dilation}` : ''}${countIncludePad === false ? ', image alone' : ''}`;
  return `${kernel}/${stride}/${sides} of [${shape}]${more}`;
};

const pools = (
  run: (x: Value, options: AvgPoolOptions) => Value,
  kind: 'max' | 'avg' | 'places',
  more: readonly Case[] = [],
): OpSpec['samples'] =>
  samplesOf([...WINDOWS, ...more], (window) => ({
    label: labelOf(window),
    inputs: shaped(window.shape),
    run: (x) => {
      const { countIncludePad } = window;
      return run(x, { ...optionsOf(window), ...(countIncludePad === false && { countIncludePad }) });
    },
    reference: (x) => poolRef(x, window, kind),
  }));

interface Along extends PoolAlong {
  readonly shape: Shape;
}

/** They overlap, or leave a rest. */
const ROWS: readonly [Along, ...Along[]] = [
  { shape: [2, 3, 11], kernel: [3], stride: [2], padding: [1] },
  { shape: [1, 1, 7], kernel: [2], stride: [2], padding: [0] },
  // Dilated; the last window reaches beyond.
  { shape: [2, 1, 12], kernel: [2], stride: [4], padding: [1], dilation: [2], ceilMode: true },
];
const SOLIDS: readonly [Along, ...Along[]] = [
  { shape: [2, 3, 5, 7, 6], kernel: [3, 2, 3], stride: [1, 2, 2], padding: [1, 0, 1] },
  { shape: [1, 1, 4, 4, 5], kernel: [2, 2, 2], stride: [2, 2, 2], padding: [0, 0, 0] },
  {
    shape: [1, 2, 6, 5, 7],
    kernel: [2, 2, 3],
    stride: [2, 2, 2],
    padding: [1, 1, 1],
    dilation: [2, 1, 1],
    ceilMode: true,
  },
];
/** Means of what lies inside alone. */
const inside = (cases: readonly Along[]): Along[] =>
  cases.slice(-1).map((each) => ({ ...each, countIncludePad: false }));

const along = (
  [first, ...more]: readonly Along[],
  run: (x: Value, window: PoolAlong) => Value,
  kind: 'max' | 'avg',
): OpSpec['samples'] =>
  samplesOf([first!, ...more], ({ shape, ...window }) => ({
    label: `${window.kernel}/${window.stride}/${window.padding} of [${shape}]${window.countIncludePad === false ? ', inside alone' : ''}`,
    inputs: shaped(shape),
    run: (x) => run(x, window),
    reference: (x) => poolAlongRef(x, window, kind),
  }));

/** As the public functions of one axis and of three take it. */
const rowOf = ({ kernel, stride, padding, dilation, ...more }: PoolAlong) => ({
  kernel: kernel[0]!,
  stride: stride[0]!,
  padding: padding[0]!,
  ...(dilation && { dilation: dilation[0]! }),
  ...more,
});
const solidOf = ({ kernel, stride, padding, dilation, ...more }: PoolAlong) => ({
  kernel: kernel as Triple,
  stride: stride as Triple,
  padding: padding as Triple,
  ...(dilation && { dilation: dilation as Triple }),
  ...more,
});

export const poolSpecs = {
  maxPool2d: {
    ulps: 0,
    samples: [
      ...pools(maxPool2d, 'max'),
      {
        label: 'windows with nothing of the image, minus infinity each',
        inputs: shaped(SPARSE.shape),
        run: (x) => maximum(maxPool2d(x, optionsOf(SPARSE)), -9),
        reference: (x) => map1(poolRef(x, SPARSE, 'max'), (v) => Math.max(v, -9)),
      },
    ],
  },
  maxPool2dPlaces: {
    ulps: 0,
    differentiable: false,
    specials: false,
    samples: pools((x, options) => maxPool2dWithIndices(x, options).indices, 'places', [SPARSE]),
  },
  maxPool2dWithIndices: {
    ulps: 0,
    doctor: 0,
    samples: samplesOf([WINDOWS[0]], (window) => ({
      label: 'its values',
      inputs: shaped(window.shape),
      run: (x) => maxPool2dWithIndices(x, optionsOf(window)).values,
      reference: (x) => poolRef(x, window, 'max'),
    })),
  },
  maxUnpool2d: {
    ulps: 0,
    doctor: 0,
    samples: [
      {
        label: 'of pooled values',
        inputs: shaped([2, 3, 6, 5]),
        run: (x) => {
          const { values, indices } = maxPool2dWithIndices(x, { kernel: 2 });
          return maxUnpool2d(values, indices, [6, 5]);
        },
        reference: (x) => {
          const window = { kernel: [2, 2], stride: [2, 2], sides: [0, 0, 0, 0] } as const;
          const values = poolRef(x, window, 'max');
          return maxPoolGradRef(x, values, window);
        },
      },
    ],
  },
  maxPool2dGrad: {
    // Only the reverse sweep makes it, which refuses nothing.
    dtypes: ANY_DTYPE,
    samples: samplesOf([WINDOWS[0], WINDOWS[3]!, SPARSE], (window): Sample => {
      const pooled = maxPool2d(input('x', window.shape), optionsOf(window));
      const { attrs } = pooled as ValueOf<'maxPool2d'>;
      return {
        label: labelOf(window),
        // Linear in dy: its derivative picks what x has at the largest places.
        inputs: [{ shape: window.shape, differentiable: false }, { shape: pooled.shape }],
        run: (x, dy) => makeValue('maxPool2dGrad', [x, dy], attrs, window.shape, 'f32', POOL),
        reference: (x, dy) => maxPoolGradRef(x, dy, window),
      };
    }),
  },
  avgPool2d: { samples: pools(avgPool2d, 'avg', WITHOUT_PADDING) },
  maxPool1d: { ulps: 0, samples: along(ROWS, (x, window) => maxPool1d(x, rowOf(window)), 'max') },
  avgPool1d: {
    samples: along([...ROWS, ...inside(ROWS)], (x, window) => avgPool1d(x, rowOf(window)), 'avg'),
  },
  maxPool3d: { ulps: 0, samples: along(SOLIDS, (x, window) => maxPool3d(x, solidOf(window)), 'max') },
  avgPool3d: {
    samples: along([...SOLIDS, ...inside(SOLIDS)], (x, window) => avgPool3d(x, solidOf(window)), 'avg'),
  },
  globalAvgPool2d: {
    doctor: 0,
    samples: [
      {
        label: '[3, 5, 7, 2]',
        inputs: shaped([3, 5, 7, 2]),
        run: globalAvgPool2d,
        reference: (x) => {
          const { shape, data } = poolRef(x, { kernel: [7, 2], stride: [7, 2], sides: [0, 0, 0, 0] }, 'avg');
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
        reference: (x) => poolRef(x, { kernel: [3, 2], stride: [3, 2], sides: [0, 0, 0, 0] }, 'avg'),
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

const SMALLER: Resize = [
  [1, 2, 31, 7],
  [5, 9],
];

/** By matrices of all weights. */
const dense = (
  mode: Exclude<InterpolateMode, 'nearest'>,
  alignCorners: boolean,
  antialias: boolean,
  more: readonly Resize[] = [],
): OpSpec['samples'] =>
  samplesOf([...SIZES, ...more], ([shape, size]) => ({
    label: `[${shape}] to ${size}`,
    inputs: shaped(shape),
    run: (x) => interpolate(x, { size, mode, alignCorners, antialias }),
    reference: (x) => resampleRef(x, size, mode, { alignCorners, antialias }),
  }));

// Source coordinates are float32: an error of 1e-7 of the image times the slope between two pixels.
export const resizeSpecs = {
  interpolate: { ulps: 64, samples: resizes('bilinear', false, [FROM_ONE]) },
  interpolateCorners: { ulps: 64, samples: resizes('bilinear', true) },
  interpolateCubic: { ulps: 64, specials: 'spread', samples: dense('bicubic', false, false, [FROM_ONE]) },
  interpolateCubicCorners: { ulps: 64, specials: 'spread', samples: dense('bicubic', true, false) },
  interpolateAntialiased: {
    ulps: 64,
    specials: 'spread',
    samples: dense('bilinear', false, true, [SMALLER]),
  },
  interpolateCubicAntialiased: {
    ulps: 64,
    specials: 'spread',
    samples: dense('bicubic', false, true, [SMALLER]),
  },
  interpolateNearestExact: { ulps: 0, samples: dense('nearest-exact', false, false, [FROM_ONE]) },
  interpolateNearest: { ulps: 0, samples: resizes('nearest', false) },
} as const satisfies SpecTable;
