import { ShapeError } from '../../errors.ts';
import type { Program } from '../../kernels/program.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { type Shape, shapeText } from '../../shape.ts';
import { type Pair, pairOf, requireCount, requireCounts } from '../arguments.ts';
import { asValue, makeValue, type Operand, requireFloat, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape } from './movement.ts';
import { add } from './pointwise.ts';

const convolution = {
  attrs: attributes<{ readonly geometry: ConvGeometry; readonly epilogue?: Program }>(),
  takesEpilogue: true,
  storesHalf: true,
  averagesHalf: true,
} as const;

export const convOps = {
  /** x [N, C, H, W], weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
  conv2d: convolution,
  /** dy [N, Cout, OH, OW], weight -> dx [N, C, H, W]. */
  conv2dInputGrad: convolution,
  /** x, dy -> dweight [Cout, C/groups, kh, kw]. */
  conv2dWeightGrad: { attrs: attributes<{ readonly geometry: ConvGeometry }>() },
} as const satisfies OpTable;

/** Everything that fixes a convolution's arithmetic beside the shapes. Pairs are (vertical, horizontal). */
export interface ConvGeometry {
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

export interface ConvOptions {
  /** Default 1. */
  stride?: Pair;
  /** Zeros around x: one number, (vertical, horizontal), or (top, bottom, left, right); default 0. */
  padding?: Pair | readonly [number, number, number, number];
  /** Default 1. */
  dilation?: Pair;
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

/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export function conv2d(x: Operand, weight: Operand, options: ConvOptions = {}, ...extra: never[]): Value {
  refuseExtra('conv2d', extra);
  const value = asValue(x, 'conv2d');
  const w = asValue(weight, 'conv2d');
  check4d('conv2d', { x: value, weight: w });
  const geometry = resolveGeometry('conv2d', options, CONV_OPTIONS);
  const { groups, stride, padding, dilation } = geometry;
  const [n, c, h, width] = value.shape as [number, number, number, number];
  const [cout, cin, kh, kw] = w.shape as [number, number, number, number];
  const shapes = `x ${shapeText(value.shape)}, weight ${shapeText(w.shape)}`;
  const wrong: string[] = [];
  if (c % groups !== 0 || cin !== c / groups) {
    wrong.push(`weight expects ${c / groups} input channels (groups=${groups}), got ${cin}`);
  }
  if (cout % groups !== 0)
    wrong.push(`weight expects output channels divisible by groups=${groups}, got ${cout}`);
  if (kh < 1 || kw < 1) wrong.push(`weight expects a kernel of at least 1x1, got ${kh}x${kw}`);
  const oh = outputSize(h, kh, stride[0], padding[0] + padding[1], dilation[0]);
  const ow = outputSize(width, kw, stride[1], padding[2] + padding[3], dilation[1]);
  if (oh < 1 || ow < 1) wrong.push(`kernel ${kh}x${kw} does not fit the padded input`);
  if (wrong.length > 0) throw new ShapeError(`conv2d: ${wrong.join('; ')}: ${shapes}`);
  const out = makeValue('conv2d', [value, w], { geometry }, [n, cout, oh, ow]);
  return withBias('conv2d', out, options.bias);
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns added at the bottom and right; default 0. */
  outputPadding?: Pair;
}

const CONV_TRANSPOSE_OPTIONS: OptionNames<ConvTransposeOptions> = { ...CONV_OPTIONS, outputPadding: true };

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
  refuseExtra('convTranspose2d', extra);
  const value = asValue(x, 'convTranspose2d');
  const w = asValue(weight, 'convTranspose2d');
  check4d('convTranspose2d', { x: value, weight: w });
  const geometry = resolveGeometry('convTranspose2d', options, CONV_TRANSPOSE_OPTIONS);
  const { groups, stride, padding, dilation } = geometry;
  const [n, c, h, width] = value.shape as [number, number, number, number];
  const [cin, coutPerGroup, kh, kw] = w.shape as [number, number, number, number];
  const added = pairOf('convTranspose2d', 'outputPadding', options.outputPadding ?? 0, 0);
  const wrong: string[] = [];
  if (cin !== c || c % groups !== 0) {
    wrong.push(`weight expects ${c} input channels, divisible by groups=${groups}, got ${cin}`);
  }
  if (kh < 1 || kw < 1) wrong.push(`weight expects a kernel of at least 1x1, got ${kh}x${kw}`);
  if (added[0] >= Math.max(stride[0], dilation[0]) || added[1] >= Math.max(stride[1], dilation[1])) {
    wrong.push(`outputPadding expects less than stride or dilation, got ${added}`);
  }
  const oh = (h - 1) * stride[0] - padding[0] - padding[1] + dilation[0] * (kh - 1) + 1 + added[0];
  const ow = (width - 1) * stride[1] - padding[2] - padding[3] + dilation[1] * (kw - 1) + 1 + added[1];
  if (oh < 1 || ow < 1) wrong.push(`padding expects to leave an output, got ${oh}x${ow}`);
  if (wrong.length > 0) {
    throw new ShapeError(
      `convTranspose2d: ${wrong.join('; ')}: x ${shapeText(value.shape)}, weight ${shapeText(w.shape)}`,
    );
  }
  const out = conv2dInputGrad(value, w, geometry, [n, coutPerGroup * groups, oh, ow]);
  return withBias('convTranspose2d', out, options.bias);
}

/** dL/dx of conv2d from dL/dy. `shape` is x's. */
export const conv2dInputGrad = (dy: Value, weight: Value, geometry: ConvGeometry, shape: Shape): Value =>
  makeValue('conv2dInputGrad', [dy, weight], { geometry }, shape);

/** dL/dweight of conv2d from x and dL/dy. `shape` is the weight's. */
export const conv2dWeightGrad = (x: Value, dy: Value, geometry: ConvGeometry, shape: Shape): Value =>
  makeValue('conv2dWeightGrad', [x, dy], { geometry }, shape);

/** conv2d without checks, for the derivatives of the derivatives. */
export const conv2dOf = (x: Value, weight: Value, geometry: ConvGeometry, shape: Shape): Value =>
  makeValue('conv2d', [x, weight], { geometry }, shape);

export const outputSize = (
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation = 1,
): number => Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;

function resolveGeometry(op: string, options: ConvOptions, names: OptionNames<ConvOptions>): ConvGeometry {
  requireOptions(op, options, names);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  requireCount(op, 'groups', groups, 1);
  return {
    stride: pairOf(op, 'stride', stride, 1),
    padding: framing(op, padding),
    dilation: pairOf(op, 'dilation', dilation, 1),
    groups,
  };
}

function framing(op: string, padding: NonNullable<ConvOptions['padding']>): ConvGeometry['padding'] {
  if (typeof padding === 'object' && padding?.length === 4) {
    requireCounts(op, 'padding', padding, 0);
    return padding;
  }
  const [vertical, horizontal] = pairOf(op, 'padding', padding, 0);
  return [vertical, vertical, horizontal, horizontal];
}

function check4d(op: string, values: Readonly<Record<string, Value>>): void {
  requireFloat(op, values);
  for (const [name, value] of Object.entries(values)) {
    if (value.shape.length !== 4) {
      throw new ShapeError(`${op}: ${name} expects 4 axes, got ${shapeText(value.shape)}`);
    }
  }
}

function withBias(op: string, out: Value, bias: Operand | undefined): Value {
  if (bias === undefined) return out;
  const value = asValue(bias, op);
  requireFloat(op, { bias: value });
  if (value.shape.length !== 1 || value.shape[0] !== out.shape[1]) {
    throw new ShapeError(`${op}: bias expects [${out.shape[1]}], got ${shapeText(value.shape)}`);
  }
  return add(out, reshape(value, [1, value.shape[0]!, 1, 1]));
}
