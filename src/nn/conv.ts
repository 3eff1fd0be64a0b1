import { type Pair, requireCount, requireCounts, sizesOf, type Triple } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import {
  type ConvFrame,
  type ConvGeometry,
  convolve,
  convolveTransposed,
  convShape,
  convTransposeShape,
  inputOf,
} from '../graph/ops/conv.ts';
import { concat, pad, part, permute, reshape, slice } from '../graph/ops/movement.ts';
import { add } from '../graph/ops/pointwise.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { type Shape, shapeText } from '../shape.ts';

export type Padding1d = number | readonly [number, number];
export type Padding2d = Pair | readonly [number, number, number, number];
export type Padding3d = Triple | readonly [number, number, number, number, number, number];

export interface ConvOptions<Size = Pair, Padding = Padding2d> {
  /** Default 1. */
  stride?: Size;
  /** Zeros around x: one number, one for each axis, or one for each end of each axis in their order; default 0. */
  padding?: Padding;
  /** Default 1. */
  dilation?: Size;
  /** Default 1. */
  groups?: number;
  /** [Cout], added to each channel. */
  bias?: Operand;
}

const CONV_OPTIONS: OptionNames<ConvOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
};

export interface ConvTransposeOptions<Size = Pair, Padding = Padding2d> extends ConvOptions<Size, Padding> {
  /** Added to the end of each axis, below stride or dilation; default 0. */
  outputPadding?: Size;
}

const CONV_TRANSPOSE_OPTIONS: OptionNames<ConvTransposeOptions> = { ...CONV_OPTIONS, outputPadding: true };

/** Any of them. */
type AnyOptions = ConvTransposeOptions<number | readonly number[], number | readonly number[]>;

/** Cross-correlation of x [N, C, L] with weight [Cout, C/groups, k] -> [N, Cout, OL]. */
export function conv1d(
  x: Operand,
  weight: Operand,
  options: ConvOptions<number, Padding1d> = {},
  ...extra: never[]
): Value {
  const { value, w, frame, bias } = asked('conv1d', 1, x, weight, options, extra);
  const shape = convShape('conv1d', value, w, frame);
  return reshape(withBias(convolve(asRow(value), asRow(w), rowGeometry(frame)), bias), shape);
}

/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export function conv2d(x: Operand, weight: Operand, options: ConvOptions = {}, ...extra: never[]): Value {
  const { value, w, frame, bias } = asked('conv2d', 2, x, weight, options, extra);
  return withBias(convolve(value, w, frame as ConvGeometry), bias);
}

/** Cross-correlation of x [N, C, D, H, W] with weight [Cout, C/groups, kd, kh, kw] -> [N, Cout, OD, OH, OW]. */
export function conv3d(
  x: Operand,
  weight: Operand,
  options: ConvOptions<Triple, Padding3d> = {},
  ...extra: never[]
): Value {
  const { value, w, frame, bias } = asked('conv3d', 3, x, weight, options, extra);
  const shape = convShape('conv3d', value, w, frame);
  return fromPlanes(withBias(convolvePlanes(value, w, frame, shape[2]!), bias), shape);
}

/**
 * The transpose of conv1d: x [N, Cin, L], weight [Cin, Cout/groups, k] -> [N, Cout, OL] with
 * OL = (L - 1) stride - padding + dilation (k - 1) + 1 + outputPadding.
 */
export function convTranspose1d(
  x: Operand,
  weight: Operand,
  options: ConvTransposeOptions<number, Padding1d> = {},
  ...extra: never[]
): Value {
  const { value, w, frame, bias, added } = askedTransposed('convTranspose1d', 1, x, weight, options, extra);
  const shape = convTransposeShape('convTranspose1d', value, w, frame, added);
  const row = convolveTransposed(asRow(value), asRow(w), rowGeometry(frame), [0, added[0]!]);
  return reshape(withBias(row, bias), shape);
}

/**
 * The transpose of conv2d: x [N, Cin, H, W], weight [Cin, Cout/groups, kh, kw] -> [N, Cout, OH, OW] with
 * OH = (H - 1) stride - padding + dilation (kh - 1) + 1 + outputPadding.
 */
export function convTranspose2d(
  x: Operand,
  weight: Operand,
  options: ConvTransposeOptions = {},
  ...extra: never[]
): Value {
  const { value, w, frame, bias, added } = askedTransposed('convTranspose2d', 2, x, weight, options, extra);
  const both = added as readonly [number, number];
  return withBias(convolveTransposed(value, w, frame as ConvGeometry, both), bias);
}

/**
 * The transpose of conv3d: x [N, Cin, D, H, W], weight [Cin, Cout/groups, kd, kh, kw] -> [N, Cout, OD, OH, OW] with
 * OD = (D - 1) stride - padding + dilation (kd - 1) + 1 + outputPadding.
 */
export function convTranspose3d(
  x: Operand,
  weight: Operand,
  options: ConvTransposeOptions<Triple, Padding3d> = {},
  ...extra: never[]
): Value {
  const { value, w, frame, bias, added } = askedTransposed('convTranspose3d', 3, x, weight, options, extra);
  const shape = convTransposeShape('convTranspose3d', value, w, frame, added);
  return withBias(transposedPlanes(value, w, frame, shape), bias);
}

/** What a call asks for, checked. `bias` is [Cout] if any. */
interface Asked {
  readonly value: Value;
  readonly w: Value;
  readonly frame: ConvFrame;
  readonly bias: Value | undefined;
}

function asked(
  op: string,
  axes: number,
  x: Operand,
  weight: Operand,
  options: AnyOptions,
  extra: readonly never[],
  names: OptionNames<AnyOptions> | OptionNames<ConvOptions> = CONV_OPTIONS,
): Asked {
  refuseExtra(op, extra);
  const [value, w] = [operand(op, 'x', x, axes + 2), operand(op, 'weight', weight, axes + 2)];
  requireOptions<AnyOptions>(op, options, names as OptionNames<AnyOptions>);
  const { stride = 1, padding = 0, dilation = 1, groups = 1, bias } = options;
  requireCount(op, 'groups', groups, 1);
  const frame = {
    stride: sizesOf(op, 'stride', stride, axes, 1),
    padding: framing(op, padding, axes),
    dilation: sizesOf(op, 'dilation', dilation, axes, 1),
    groups,
  };
  const channels = names === CONV_OPTIONS ? w.shape[0]! : w.shape[1]! * groups;
  return { value, w, frame, bias: bias === undefined ? undefined : biasOf(op, bias, channels) };
}

function askedTransposed(
  op: string,
  axes: number,
  x: Operand,
  weight: Operand,
  options: AnyOptions,
  extra: readonly never[],
): Asked & { readonly added: readonly number[] } {
  const known = asked(op, axes, x, weight, options, extra, CONV_TRANSPOSE_OPTIONS);
  return { ...known, added: sizesOf(op, 'outputPadding', options.outputPadding ?? 0, axes, 0) };
}

/** @throws ShapeError unless it has `rank` axes. */
function operand(op: string, name: string, given: Operand, rank: number): Value {
  const value = floatOperand(op, name, given);
  if (value.shape.length === rank) return value;
  throw new ShapeError(`${op}: ${name} expects ${rank} axes, got ${shapeText(value.shape)}`);
}

/** Before and after each axis. */
function framing(op: string, padding: number | readonly number[], axes: number): readonly number[] {
  if (Array.isArray(padding) && padding.length === 2 * axes) {
    requireCounts(op, 'padding', padding, 0);
    return padding;
  }
  return sizesOf(op, 'padding', padding, axes, 0).flatMap((size) => [size, size]);
}

function biasOf(op: string, bias: Operand, channels: number): Value {
  const value = floatOperand(op, 'bias', bias);
  if (value.shape.length === 1 && value.shape[0] === channels) return value;
  throw new ShapeError(`${op}: bias expects [${channels}], got ${shapeText(value.shape)}`);
}

const withBias = (out: Value, bias: Value | undefined): Value =>
  bias
    ? add(
        out,
        reshape(
          bias,
          out.shape.map((_, axis) => (axis === 1 ? bias.shape[0]! : 1)),
        ),
      )
    : out;

/** [A, B, L] -> [A, B, 1, L]. */
const asRow = (x: Value): Value => reshape(x, [...x.shape.slice(0, 2), 1, x.shape[2]!]);

/** Along a row, an image of height 1. */
const rowGeometry = ({ stride, padding, dilation, groups }: ConvFrame): ConvGeometry => ({
  stride: [1, stride[0]!],
  padding: [0, 0, padding[0]!, padding[1]!],
  dilation: [1, dilation[0]!],
  groups,
});

/**
 * A 3-d convolution plane by plane: x [N, C, D, H, W], weight [Cout, C/groups, kd, kh, kw] -> [N OD, Cout, OH, OW]. The planes
 * that a plane of the result reads lie side by side as channels, so that one 2-d convolution adds them all.
 */
function convolvePlanes(x: Value, weight: Value, frame: ConvFrame, depth: number): Value {
  const [stride, dilation] = [frame.stride[0]!, frame.dilation[0]!];
  const [front, back, ...padding] = frame.padding as [number, number, number, number, number, number];
  const padded = pad(x, [0, 0, front, 0, 0], [0, 0, back, 0, 0]);
  const [n, c, d, h, w] = padded.shape as [number, number, number, number, number];
  const [cout, cin, taps, kh, kw] = weight.shape as [number, number, number, number, number];
  const planes = reshape(permute(padded, [0, 2, 1, 3, 4]), [n, d, c, 1, h * w]);
  const read = Array.from({ length: taps }, (_, tap) => {
    const start = tap * dilation;
    return slice(planes, [null, { start, end: start + (depth - 1) * stride + 1, step: stride }]);
  });
  return convolve(
    reshape(concat(read, 3), [n * depth, c * taps, h, w]),
    reshape(weight, [cout, cin * taps, kh, kw]),
    {
      stride: [frame.stride[1]!, frame.stride[2]!],
      padding,
      dilation: [frame.dilation[1]!, frame.dilation[2]!],
      groups: frame.groups,
    },
  );
}

/** [N OD, C, OH, OW] -> `shape` [N, C, OD, OH, OW]. */
const fromPlanes = (planes: Value, [n, c, ...space]: Shape): Value =>
  permute(reshape(planes, [n!, space[0]!, c!, space[1]!, space[2]!]), [0, 2, 1, 3, 4]);

/**
 * The transpose of `convolvePlanes`: x [N, C, D, H, W] -> `shape`. One transposed 2-d convolution makes of each plane all those
 * that it adds to, as channels; here they are added, `stride` at a time, which lie side by side.
 */
function transposedPlanes(x: Value, weight: Value, frame: ConvFrame, shape: readonly number[]): Value {
  const [stride, dilation] = [frame.stride[0]!, frame.dilation[0]!];
  // Planes a dilation apart that are also more than one apart would leave gaps: zeros fill them.
  const spread = stride === 1 ? weight : padDepth(dilatedDepth(weight, dilation), stride);
  const step = stride === 1 ? dilation : 1;
  const [n, c, d, h, w] = x.shape as [number, number, number, number, number];
  const [cin, cout, taps, kh, kw] = spread.shape as [number, number, number, number, number];
  const [front, , ...padding] = frame.padding as [number, number, number, number, number, number];
  const [channels, depth, oh, ow] = shape.slice(1) as [number, number, number, number];
  const made = inputOf(
    reshape(permute(x, [0, 2, 1, 3, 4]), [n * d, c, h, w]),
    reshape(spread, [cin, cout * taps, kh, kw]),
    {
      stride: [frame.stride[1]!, frame.stride[2]!],
      padding,
      dilation: [frame.dilation[1]!, frame.dilation[2]!],
      groups: frame.groups,
    },
    [n * d, channels * taps, oh, ow],
  );
  const rounds = taps / stride;
  const apart = reshape(made, [n, d, channels, rounds, stride * oh * ow]);
  const more = (rounds - 1) * step;
  const terms = Array.from({ length: rounds }, (_, i) =>
    pad(part(apart, 3, i, 1), [0, i * step, 0, 0, 0], [0, more - i * step, 0, 0, 0]),
  );
  const total = permute(
    reshape(
      terms.reduce((a, b) => add(a, b)),
      [n, d + more, channels, stride, oh * ow],
    ),
    [0, 2, 1, 3, 4],
  );
  const all = reshape(total, [n, channels, (d + more) * stride, oh, ow]);
  const missing = Math.max(0, front + depth - all.shape[2]!);
  return part(pad(all, [0, 0, 0, 0, 0], [0, 0, missing, 0, 0]), 2, front, depth);
}

/** Zeros between the planes of a weight [A, B, kd, kh, kw]. */
function dilatedDepth(weight: Value, dilation: number): Value {
  const [a, b, taps, kh, kw] = weight.shape as [number, number, number, number, number];
  if (dilation === 1 || taps === 1) return weight;
  const apart = pad(reshape(weight, [a, b, taps, 1, kh * kw]), [0, 0, 0, 0, 0], [0, 0, 0, dilation - 1, 0]);
  return part(reshape(apart, [a, b, taps * dilation, kh, kw]), 2, 0, (taps - 1) * dilation + 1);
}

/** Zeros behind the planes of a weight, so that their number is a multiple of `multiple`. */
const padDepth = (weight: Value, multiple: number): Value =>
  pad(weight, [0, 0, 0, 0, 0], [0, 0, (multiple - (weight.shape[2]! % multiple)) % multiple, 0, 0]);
