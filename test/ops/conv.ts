import { type ConvGeometry, conv2d, convTranspose2d } from '../../src/graph/ops/conv.ts';
import { add, relu } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import { conv2dInputGradReference, conv2dReference } from '../../src/specs/reference/conv.ts';
import type { Sample, SpecTable } from './spec.ts';

const geometry = (g: Partial<ConvGeometry>): ConvGeometry => ({
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  ...g,
});

const FORWARD: { x: Shape; w: Shape; y: Shape; g: Partial<ConvGeometry> }[] = [
  { x: [2, 3, 7, 5], w: [5, 3, 3, 3], y: [2, 5, 7, 5], g: { padding: [1, 1, 1, 1] } },
  { x: [1, 4, 9, 9], w: [6, 4, 3, 3], y: [1, 6, 5, 5], g: { stride: [2, 2], padding: [1, 1, 1, 1] } },
  {
    x: [2, 6, 8, 7],
    w: [4, 3, 3, 2],
    y: [2, 4, 3, 5],
    g: { stride: [3, 2], padding: [1, 1, 1, 2], groups: 2 },
  },
  {
    x: [1, 5, 9, 8],
    w: [5, 1, 3, 3],
    y: [1, 5, 9, 8],
    g: { dilation: [2, 2], padding: [2, 2, 2, 2], groups: 5 },
  },
];

const TRANSPOSED: { x: Shape; w: Shape; y: Shape; g: Partial<ConvGeometry>; extra?: number }[] = [
  { x: [2, 5, 3, 4], w: [5, 3, 2, 2], y: [2, 3, 6, 8], g: { stride: [2, 2] } },
  {
    x: [1, 4, 4, 3],
    w: [4, 2, 3, 3],
    y: [1, 4, 8, 6],
    g: { stride: [2, 2], padding: [1, 1, 1, 1], groups: 2 },
    extra: 1,
  },
];

export const convSpecs: SpecTable = {
  conv2d: {
    samples: FORWARD.map(
      ({ x, w, y, g }): Sample => ({
        label: `x [${x}] w [${w}]`,
        inputs: [{ shape: x }, { shape: w }],
        run: (a, b) => conv2d(a, b, geometry(g)),
        reference: (a, b) => conv2dReference(a, b, geometry(g), y),
      }),
    ),
    rejects: [
      [
        () => conv2d(input('x', [8, 64, 56, 56]), input('w', [128, 32, 3, 3])),
        'conv2d: weight expects 64 input channels (groups=1), got 32: x [8, 64, 56, 56], weight [128, 32, 3, 3]',
      ],
      [
        () => conv2d(input('x', [1, 1, 2, 2]), input('w', [1, 1, 3, 3])),
        'kernel 3x3 does not fit the padded input',
      ],
      [
        () => conv2d(input('x', [1, 1, 4, 4]), input('w', [1, 1, 3, 3]), { stride: 0 }),
        'conv2d: stride expects a whole number of at least 1, or two (vertical, horizontal), got 0',
      ],
    ],
  },
  convEpilogue: {
    samples: [
      {
        label: 'bias, residual and relu in one dispatch',
        inputs: [{ shape: [2, 4, 6, 6] }, { shape: [4, 4, 3, 3] }, { shape: [4] }],
        run: (x, w, bias) => relu(add(conv2d(x, w, { padding: 1, bias }), x)),
        reference: (x, w, b) => {
          const y = conv2dReference(x, w, geometry({ padding: [1, 1, 1, 1] }), x.shape);
          return {
            shape: y.shape,
            data: y.data.map((v, i) => Math.max(0, v + b.data[Math.floor(i / 36) % 4]! + x.data[i]!)),
            magnitude: y.magnitude!.map((m) => m + 4),
          };
        },
      },
    ],
  },
  convTranspose2d: {
    samples: TRANSPOSED.map(
      ({ x, w, y, g, extra }): Sample => ({
        label: `x [${x}] w [${w}]`,
        inputs: [{ shape: x }, { shape: w }],
        run: (a, b) => convTranspose2d(a, b, { ...geometry(g), outputPadding: extra ?? 0 }),
        reference: (a, b) => conv2dInputGradReference(a, b, geometry(g), y),
      }),
    ),
    rejects: [
      [
        () => convTranspose2d(input('x', [1, 3, 4, 4]), input('w', [4, 3, 2, 2])),
        'convTranspose2d: weight expects 3 input channels',
      ],
    ],
  },
};
