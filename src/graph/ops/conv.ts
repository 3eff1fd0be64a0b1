import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { product, shapeText } from '../../shape.ts';
import { makeValue, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

const convolution = {
  attrs: attributes<{ readonly geometry: ConvGeometry; readonly epilogue?: Program }>(),
  takesEpilogue: true,
  storesHalf: true,
  averagesHalf: true,
} as const;

export const convOps = {
  /** x [N, C, H, W], weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
  conv2d: { ...convolution, macs: ({ inputs: [, w], shape }) => product(shape) * product(w!.shape.slice(1)) },
  /** Its transpose, and its gradient towards x: dy [N, Cout, OH, OW], weight -> dx [N, C, H, W]. */
  conv2dInputGrad: {
    ...convolution,
    // Every element of dy meets every weight of its output channel.
    macs: ({ inputs: [dy, w] }) => product(dy!.shape) * product(w!.shape.slice(1)),
  },
} as const satisfies OpTable;

/** Everything that fixes a convolution's arithmetic beside the shapes. Pairs are (vertical, horizontal). */
export interface ConvGeometry {
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** The largest window position that still fits, plus one. */
export const outputSize = (
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation = 1,
): number => Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;

/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export function convolve(x: Value, weight: Value, geometry: ConvGeometry): Value {
  const { groups, stride, padding, dilation } = geometry;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [cout, cin, kh, kw] = weight.shape as [number, number, number, number];
  const oh = outputSize(h, kh, stride[0], padding[0] + padding[1], dilation[0]);
  const ow = outputSize(w, kw, stride[1], padding[2] + padding[3], dilation[1]);
  refuse('conv2d', x, weight, [
    [
      c % groups !== 0 || cin !== c / groups,
      `weight expects ${c / groups} input channels (groups=${groups}), got ${cin}`,
    ],
    [cout % groups !== 0, `weight expects output channels divisible by groups=${groups}, got ${cout}`],
    [kh < 1 || kw < 1, `weight expects a kernel of at least 1x1, got ${kh}x${kw}`],
    [oh < 1 || ow < 1, `kernel ${kh}x${kw} does not fit the padded input`],
  ]);
  return makeValue('conv2d', [x, weight], { geometry }, [n, cout, oh, ow]);
}

/**
 * Its transpose: x [N, Cin, H, W], weight [Cin, Cout/groups, kh, kw] -> [N, Cout, OH, OW]; `added` rows and columns at the
 * bottom and right.
 */
export function convolveTransposed(
  x: Value,
  weight: Value,
  geometry: ConvGeometry,
  added: readonly [number, number],
): Value {
  const { groups, stride, padding, dilation } = geometry;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [cin, cout, kh, kw] = weight.shape as [number, number, number, number];
  const oh = (h - 1) * stride[0] - padding[0] - padding[1] + dilation[0] * (kh - 1) + 1 + added[0];
  const ow = (w - 1) * stride[1] - padding[2] - padding[3] + dilation[1] * (kw - 1) + 1 + added[1];
  refuse('convTranspose2d', x, weight, [
    [
      cin !== c || c % groups !== 0,
      `weight expects ${c} input channels, divisible by groups=${groups}, got ${cin}`,
    ],
    [kh < 1 || kw < 1, `weight expects a kernel of at least 1x1, got ${kh}x${kw}`],
    [
      added.some((more, axis) => more >= Math.max(stride[axis]!, dilation[axis]!)),
      `outputPadding expects less than stride or dilation, got ${added}`,
    ],
    [oh < 1 || ow < 1, `padding expects to leave an output, got ${oh}x${ow}`],
  ]);
  return makeValue('conv2dInputGrad', [x, weight], { geometry }, [n, cout * groups, oh, ow]);
}

/** @throws ShapeError with everything that is wrong at once. */
function refuse(op: string, x: Value, weight: Value, faults: readonly [boolean, string][]): void {
  const wrong = faults.flatMap(([found, text]) => (found ? [text] : []));
  if (wrong.length === 0) return;
  throw new ShapeError(
    `${op}: ${wrong.join('; ')}: x ${shapeText(x.shape)}, weight ${shapeText(weight.shape)}`,
  );
}
