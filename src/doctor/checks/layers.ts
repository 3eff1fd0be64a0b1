import { conv2d, convTranspose2d } from '../../graph/ops/conv.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { add } from '../../graph/ops/pointwise.ts';
import { avgPool2d, maxPool2d } from '../../graph/ops/pool.ts';
import { interpolate } from '../../graph/ops/resize.ts';
import { makeValue } from '../../graph/value.ts';
import { conv2dInputGradReference, conv2dReference } from '../../specs/reference/conv.ts';
import {
  interpolateRef,
  matmulRef,
  maxPoolGradRef,
  poolRef,
  transposeRef,
} from '../../specs/reference/ops.ts';
import { type OpCheck, shaped } from './check.ts';

export const matmulChecks: readonly OpCheck[] = [
  {
    name: 'matmul',
    inputs: shaped([37, 65], [65, 41]),
    run: (a, b) => matmul(a!, b!),
    reference: matmulRef,
  },
  {
    name: 'matmul, batched, b transposed',
    inputs: shaped([3, 17, 33], [3, 29, 33]),
    run: (a, b) => matmul(a!, b!, { transposeB: true }),
    reference: (a, b) => matmulRef(a, transposeRef(b)),
  },
];

const plain = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;

export const convChecks: readonly OpCheck[] = [
  {
    name: 'conv2d 3x3, stride 2',
    inputs: shaped([2, 13, 19, 17], [21, 13, 3, 3]),
    run: (x, w) => conv2d(x!, w!, { stride: 2, padding: 1 }),
    reference: (x, w) => conv2dReference(x, w, { ...plain, stride: [2, 2] }, [2, 21, 10, 9]),
    // Padding is zeros, which an infinite weight makes NaN of.
    special: 'spreads',
  },
  {
    name: 'conv2d 1x1',
    inputs: shaped([2, 19, 11, 7], [23, 19, 1, 1]),
    run: (x, w) => conv2d(x!, w!),
    reference: (x, w) => conv2dReference(x, w, { ...plain, padding: [0, 0, 0, 0] }, [2, 23, 11, 7]),
  },
  {
    name: 'conv2d 5x5, depthwise',
    inputs: shaped([2, 12, 11, 9], [12, 1, 5, 5]),
    run: (x, w) => conv2d(x!, w!, { padding: 2, groups: 12 }),
    reference: (x, w) =>
      conv2dReference(x, w, { ...plain, padding: [2, 2, 2, 2], groups: 12 }, [2, 12, 11, 9]),
    special: 'spreads',
  },
  {
    name: 'convTranspose2d 2x2, stride 2',
    inputs: shaped([2, 14, 7, 5], [14, 11, 2, 2]),
    run: (x, w) => convTranspose2d(x!, w!, { stride: 2 }),
    reference: (x, w) =>
      conv2dInputGradReference(x, w, { ...plain, stride: [2, 2], padding: [0, 0, 0, 0] }, [2, 11, 14, 10]),
    special: 'spreads',
  },
];

const window = { kernel: [3, 3], stride: [2, 2], padding: [1, 1] } as const;

export const poolChecks: readonly OpCheck[] = [
  {
    name: 'maxPool2d',
    inputs: shaped([2, 5, 17, 13]),
    run: (x) => maxPool2d(x!, window),
    reference: (x) => poolRef(x, window, 'max'),
  },
  {
    // Linear in dy: its derivative picks what x has at the largest places.
    name: 'maxPool2dGrad',
    inputs: shaped([2, 3, 9, 7], [2, 3, 5, 4]),
    run: (x, dy) => add(makeValue('maxPool2dGrad', [x!, dy!], { window }, x!.shape), x!),
    reference: (x, dy) => {
      const gradient = maxPoolGradRef(x, dy, window);
      return { shape: x.shape, data: gradient.data.map((value, i) => value + x.data[i]!) };
    },
  },
  {
    name: 'avgPool2d',
    inputs: shaped([2, 5, 17, 13]),
    run: (x) => avgPool2d(x!, window),
    reference: (x) => poolRef(x, window, 'avg'),
  },
];

const resized = (mode: 'bilinear' | 'nearest', alignCorners: boolean): OpCheck => ({
  name: `interpolate, ${mode}${alignCorners ? ', corners' : ''}`,
  inputs: shaped([2, 3, 9, 7]),
  run: (x) => interpolate(x!, { size: [23, 18], mode, alignCorners }),
  reference: (x) => interpolateRef(x, 23, 18, mode, alignCorners),
});

export const resizeChecks: readonly OpCheck[] = [
  resized('bilinear', false),
  resized('bilinear', true),
  resized('nearest', false),
];
