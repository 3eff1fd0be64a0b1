import { ShapeError } from '../../errors.ts';
import { convKernels } from '../../kernels/gemm/lowering.ts';
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

/** As `ConvGeometry`, along any number of axes: stride and dilation of each, padding before and after each. */
export interface ConvFrame {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

const CONVOLUTION = { kernels: convKernels };

/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export const convolve = (x: Value, weight: Value, geometry: ConvGeometry): Value =>
  makeValue(
    'conv2d',
    [x, weight],
    { geometry },
    convShape('conv2d', x, weight, geometry),
    'f32',
    CONVOLUTION,
  );

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
  return inputOf(x, weight, geometry, convTransposeShape('convTranspose2d', x, weight, geometry, added));
}

/** The same of a `shape` that is known to fit. */
export const inputOf = (x: Value, weight: Value, geometry: ConvGeometry, shape: readonly number[]): Value =>
  makeValue('conv2dInputGrad', [x, weight], { geometry }, shape, 'f32', CONVOLUTION);

/** The shape of a convolution along all axes but the first two. @throws ShapeError with everything that is wrong at once. */
export function convShape(op: string, x: Value, weight: Value, frame: ConvFrame): number[] {
  const { groups, stride, padding, dilation } = frame;
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
  const [cout, cin, ...kernel] = weight.shape as [number, number, ...number[]];
  const out = sizes.map((size, i) =>
    outputSize(size, kernel[i]!, stride[i]!, padding[2 * i]! + padding[2 * i + 1]!, dilation[i]),
  );
  refuse(op, x, weight, [
    [
      c % groups !== 0 || cin !== c / groups,
      `weight expects ${c / groups} input channels (groups=${groups}), got ${cin}`,
    ],
    [cout % groups !== 0, `weight expects output channels divisible by groups=${groups}, got ${cout}`],
    [kernel.some((size) => size < 1), leastKernel(kernel)],
    [out.some((size) => size < 1), `kernel ${kernel.join('x')} does not fit the padded input`],
  ]);
  return [n, cout, ...out];
}

/** The same of a transposed convolution, `added` to the end of each axis. */
export function convTransposeShape(
  op: string,
  x: Value,
  weight: Value,
  frame: ConvFrame,
  added: readonly number[],
): number[] {
  const { groups, stride, padding, dilation } = frame;
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
  const [cin, cout, ...kernel] = weight.shape as [number, number, ...number[]];
  const out = sizes.map((size, i) => {
    const frame = padding[2 * i]! + padding[2 * i + 1]!;
    return (size - 1) * stride[i]! - frame + dilation[i]! * (kernel[i]! - 1) + 1 + added[i]!;
  });
  refuse(op, x, weight, [
    [
      cin !== c || c % groups !== 0,
      `weight expects ${c} input channels, divisible by groups=${groups}, got ${cin}`,
    ],
    [kernel.some((size) => size < 1), leastKernel(kernel)],
    [
      added.some((more, axis) => more >= Math.max(stride[axis]!, dilation[axis]!)),
      `outputPadding expects less than stride or dilation, got ${added}`,
    ],
    [out.some((size) => size < 1), `padding expects to leave an output, got ${out.join('x')}`],
  ]);
  return [n, cout * groups, ...out];
}

const leastKernel = (kernel: readonly number[]): string =>
  `weight expects a kernel of at least ${kernel.map(() => 1).join('x')}, got ${kernel.join('x')}`;

/** @throws ShapeError with everything that is wrong at once. */
function refuse(op: string, x: Value, weight: Value, faults: readonly [boolean, string][]): void {
  const wrong = faults.flatMap(([found, text]) => (found ? [text] : []));
  if (wrong.length === 0) return;
  throw new ShapeError(
    `${op}: ${wrong.join('; ')}: x ${shapeText(x.shape)}, weight ${shapeText(weight.shape)}`,
  );
}
