import { type Pair, pairOf, requireCount, requireCounts } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { type ConvGeometry, convolve, convolveTransposed } from '../graph/ops/conv.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add } from '../graph/ops/pointwise.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapeText } from '../shape.ts';

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
  const [value, w] = [images('conv2d', 'x', x), images('conv2d', 'weight', weight)];
  const geometry = geometryOf('conv2d', options, CONV_OPTIONS);
  return withBias('conv2d', convolve(value, w, geometry), options.bias);
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
  const [value, w] = [images('convTranspose2d', 'x', x), images('convTranspose2d', 'weight', weight)];
  const geometry = geometryOf('convTranspose2d', options, CONV_TRANSPOSE_OPTIONS);
  const added = pairOf('convTranspose2d', 'outputPadding', options.outputPadding ?? 0, 0);
  return withBias('convTranspose2d', convolveTransposed(value, w, geometry, added), options.bias);
}

/** @throws ShapeError unless it has four axes. */
function images(op: string, name: string, operand: Operand): Value {
  const value = floatOperand(op, name, operand);
  if (value.shape.length === 4) return value;
  throw new ShapeError(`${op}: ${name} expects 4 axes, got ${shapeText(value.shape)}`);
}

function geometryOf(op: string, options: ConvOptions, names: OptionNames<ConvOptions>): ConvGeometry {
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

function withBias(op: string, out: Value, bias: Operand | undefined): Value {
  if (bias === undefined) return out;
  const value = floatOperand(op, 'bias', bias);
  const channels = out.shape[1]!;
  if (value.shape.length === 1 && value.shape[0] === channels) {
    return add(out, reshape(value, [1, channels, 1, 1]));
  }
  throw new ShapeError(`${op}: bias expects [${channels}], got ${shapeText(value.shape)}`);
}
