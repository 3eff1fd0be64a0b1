import type { ConvGeometry } from '../graph/ops/conv.ts';
import { conv2d, convTranspose2d } from '../nn/conv.ts';
import type { Shape } from '../shape.ts';
import { conv2dInputGradReference, conv2dReference } from './reference/conv.ts';
import { type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

interface Case {
  readonly label: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly g?: Partial<ConvGeometry>;
  /** Rows and columns beyond what a transposed convolution must have. */
  readonly extra?: number;
}

const geometryOf = ({ g }: Case): ConvGeometry => ({
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  ...g,
});

const POINTS: readonly [Case, ...Case[]] = [
  { label: '1x1', x: [2, 19, 11, 7], w: [23, 19, 1, 1], y: [2, 23, 11, 7] },
];

const WINDOWS: readonly [Case, ...Case[]] = [
  {
    label: '3x3, stride 2',
    x: [2, 13, 19, 17],
    w: [21, 13, 3, 3],
    y: [2, 21, 10, 9],
    g: { stride: [2, 2], padding: [1, 1, 1, 1] },
  },
  {
    label: '5x5, depthwise',
    x: [2, 12, 11, 9],
    w: [12, 1, 5, 5],
    y: [2, 12, 11, 9],
    g: { padding: [2, 2, 2, 2], groups: 12 },
  },
  { label: '3x3', x: [2, 3, 7, 5], w: [5, 3, 3, 3], y: [2, 5, 7, 5], g: { padding: [1, 1, 1, 1] } },
  {
    label: '3x2 in groups, two strides, uneven padding',
    x: [2, 6, 8, 7],
    w: [4, 3, 3, 2],
    y: [2, 4, 3, 5],
    g: { stride: [3, 2], padding: [1, 1, 1, 2], groups: 2 },
  },
  {
    label: '3x3, dilated, depthwise',
    x: [1, 5, 9, 8],
    w: [5, 1, 3, 3],
    y: [1, 5, 9, 8],
    g: { dilation: [2, 2], padding: [2, 2, 2, 2], groups: 5 },
  },
];

const TRANSPOSED: readonly [Case, ...Case[]] = [
  { label: '2x2, stride 2', x: [2, 14, 7, 5], w: [14, 11, 2, 2], y: [2, 11, 14, 10], g: { stride: [2, 2] } },
  {
    label: '3x3 in groups, stride 2, one row more',
    x: [1, 4, 4, 3],
    w: [4, 2, 3, 3],
    y: [1, 4, 8, 6],
    g: { stride: [2, 2], padding: [1, 1, 1, 1], groups: 2 },
    extra: 1,
  },
];

const forward = (of: Case): Sample => ({
  label: `${of.label}: [${of.x}] and [${of.w}]`,
  inputs: shaped(of.x, of.w),
  run: (x, w) => conv2d(x, w, geometryOf(of)),
  reference: (x, w) => conv2dReference(x, w, geometryOf(of), of.y),
});

export const convSpecs = {
  /** A product. */
  conv2dOfPoints: { samples: samplesOf(POINTS, forward) },
  conv2d: {
    doctor: 2,
    // Padding is zeros, which an infinite weight makes NaN of; Winograd's transforms spread NaN over pixels that they compute together.
    specials: 'spread',
    samples: samplesOf(WINDOWS, forward),
  },
  convTranspose2d: {
    specials: 'spread',
    samples: samplesOf(TRANSPOSED, (of) => ({
      label: `${of.label}: [${of.x}] and [${of.w}]`,
      inputs: shaped(of.x, of.w),
      run: (x, w) => convTranspose2d(x, w, { ...geometryOf(of), outputPadding: of.extra ?? 0 }),
      reference: (x, w) => conv2dInputGradReference(x, w, geometryOf(of), of.y),
    })),
  },
} as const satisfies SpecTable;
