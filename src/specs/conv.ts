import type { Triple } from '../arguments.ts';
import type { ConvFrame, ConvGeometry } from '../graph/ops/conv.ts';
import type { Value } from '../graph/value.ts';
import { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from '../nn/conv.ts';
import { product, type Shape } from '../shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  convReference,
  convTransposeReference,
} from './reference/conv.ts';
import { type OpSpec, type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

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

/** A case along one or three axes: everything of its geometry, and its bias. */
interface Along extends ConvFrame {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  /** Beyond what a transposed convolution must have. */
  readonly added?: readonly number[];
}

const ROW: Along = {
  x: [2, 6, 11],
  w: [4, 3, 3],
  y: [2, 4, 5],
  stride: [2],
  padding: [1, 2],
  dilation: [2],
  groups: 2,
};
const LONG_ROW: Along = {
  x: [1, 3, 37],
  w: [5, 3, 4],
  y: [1, 5, 36],
  stride: [1],
  padding: [1, 1],
  dilation: [1],
  groups: 1,
};
const SOLIDS: readonly [Along, ...Along[]] = [
  {
    x: [2, 4, 5, 6, 7],
    w: [6, 2, 3, 2, 3],
    y: [2, 6, 3, 5, 4],
    stride: [2, 1, 2],
    padding: [1, 1, 0, 0, 1, 1],
    dilation: [1, 1, 1],
    groups: 2,
  },
  {
    x: [1, 2, 6, 3, 3],
    w: [3, 2, 2, 1, 2],
    y: [1, 3, 6, 3, 2],
    stride: [1, 1, 1],
    padding: [0, 3, 0, 0, 0, 0],
    dilation: [3, 1, 1],
    groups: 1,
  },
  {
    x: [1, 1, 1, 1, 1],
    w: [1, 1, 1, 1, 1],
    y: [1, 1, 1, 1, 1],
    stride: [1, 1, 1],
    padding: [0, 0, 0, 0, 0, 0],
    dilation: [1, 1, 1],
    groups: 1,
  },
];
const ROW_BACK: Along = {
  x: [2, 4, 5],
  w: [4, 3, 3],
  y: [2, 6, 12],
  stride: [2],
  padding: [0, 1],
  dilation: [2],
  groups: 2,
  added: [0],
};
const SOLIDS_BACK: readonly [Along, ...Along[]] = [
  {
    x: [2, 4, 3, 3, 2],
    w: [4, 3, 3, 2, 3],
    y: [2, 6, 6, 4, 4],
    stride: [2, 1, 2],
    padding: [1, 0, 0, 0, 0, 1],
    dilation: [1, 1, 1],
    groups: 2,
    added: [0, 0, 0],
  },
  // As much more in depth as only a dilation allows, which the convolution back would make a plane of.
  {
    x: [1, 2, 3, 2, 2],
    w: [2, 2, 2, 2, 1],
    y: [1, 2, 6, 3, 2],
    stride: [1, 1, 1],
    padding: [1, 1, 0, 0, 0, 0],
    dilation: [4, 1, 1],
    groups: 1,
    added: [1, 0, 0],
  },
];

/** As the public functions of one axis and of three take it. */
const rowOf = ({ stride, padding, dilation, groups }: Along) => ({
  stride: stride[0],
  padding: [padding[0]!, padding[1]!] as const,
  dilation: dilation[0],
  groups,
});
const solidOf = ({ stride, padding, dilation, groups }: Along) => ({
  stride: stride as Triple,
  padding: padding as readonly [number, number, number, number, number, number],
  dilation: dilation as Triple,
  groups,
});

/** With a bias, which each result adds. */
const along = (
  cases: readonly [Along, ...Along[]],
  run: (x: Value, w: Value, bias: Value, of: Along) => Value,
  reference: typeof convReference,
): OpSpec['samples'] =>
  samplesOf(cases, (of) => ({
    label: `stride ${of.stride}, dilation ${of.dilation}, ${of.groups} groups: [${of.x}] and [${of.w}]`,
    inputs: shaped(of.x, of.w, [of.y[1]!]),
    run: (x, w, bias) => run(x, w, bias, of),
    reference: (x, w, bias) => {
      const sums = reference(x, w, of, of.y);
      const channel = (i: number): number => Math.floor(i / product(of.y.slice(2))) % of.y[1]!;
      return {
        ...sums,
        data: sums.data.map((each, i) => each + bias.data[channel(i)]!),
        magnitude: sums.magnitude!.map((each) => each + 2),
      };
    },
  }));

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
  conv1d: {
    specials: 'spread',
    samples: along([ROW, LONG_ROW], (x, w, bias, of) => conv1d(x, w, { ...rowOf(of), bias }), convReference),
  },
  conv3d: {
    specials: 'spread',
    samples: along(SOLIDS, (x, w, bias, of) => conv3d(x, w, { ...solidOf(of), bias }), convReference),
  },
  convTranspose1d: {
    specials: 'spread',
    samples: along(
      [ROW_BACK],
      (x, w, bias, of) => convTranspose1d(x, w, { ...rowOf(of), bias, outputPadding: of.added?.[0] }),
      convTransposeReference,
    ),
  },
  convTranspose3d: {
    specials: 'spread',
    samples: along(
      SOLIDS_BACK,
      (x, w, bias, of) => convTranspose3d(x, w, { ...solidOf(of), bias, outputPadding: of.added as Triple }),
      convTransposeReference,
    ),
  },
} as const satisfies SpecTable;
