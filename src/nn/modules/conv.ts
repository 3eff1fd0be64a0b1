import { type Pair, requireCount, requireFlag, sizesOf, type Triple } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { floatOperand, requireRank } from '../../graph/operands.ts';
import type { Value } from '../../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product } from '../../shape.ts';
import * as functions from '../conv.ts';
import { pytorchDefault, uniformFanIn } from '../init.ts';
import { type Layers, within } from '../layers.ts';
import { WEIGHT_OPTIONS, type WeightOptions } from './linear.ts';

/** A convolution's geometry, as `wgad`'s function of that name takes it, and what its tensors start from. */
export interface ConvLayerOptions<Size, Padding> extends WeightOptions {
  /** Default 1. */
  stride?: Size;
  /** Zeros around x: one number, one for each axis, or one for each end of each axis in their order; default 0. */
  padding?: Padding;
  /** Default 1. */
  dilation?: Size;
  /** Default 1. */
  groups?: number;
}

const CONV_OPTIONS: OptionNames<ConvLayerOptions<unknown, unknown>> = {
  ...WEIGHT_OPTIONS,
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
};

/** The same of a transposed convolution. */
export interface ConvTransposeLayerOptions<Size, Padding> extends ConvLayerOptions<Size, Padding> {
  /** Added to the end of each axis, below stride or dilation; default 0. */
  outputPadding?: Size;
}

const CONV_TRANSPOSE_OPTIONS: OptionNames<ConvTransposeLayerOptions<unknown, unknown>> = {
  ...CONV_OPTIONS,
  outputPadding: true,
};

type Padding1d = functions.Padding1d;
type Padding2d = functions.Padding2d;
type Padding3d = functions.Padding3d;

/** x [N, C, L] -> [N, out, OL]. Tensors `weight` and `bias` under `name`, as torch.nn.Conv1d has them. */
export const conv1d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: number,
  options: ConvLayerOptions<number, Padding1d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('conv1d', x, out, kernel, options, extra, false);
  return computed(layers, name, layer, (weight, bias) =>
    functions.conv1d(x, weight, { ...geometryOf(options), bias }),
  );
};

/** x [N, C, H, W] -> [N, out, OH, OW]. Tensors `weight` and `bias` under `name`, as torch.nn.Conv2d has them. */
export const conv2d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: Pair,
  options: ConvLayerOptions<Pair, Padding2d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('conv2d', x, out, kernel, options, extra, false);
  return computed(layers, name, layer, (weight, bias) =>
    functions.conv2d(x, weight, { ...geometryOf(options), bias }),
  );
};

/** x [N, C, D, H, W] -> [N, out, OD, OH, OW]. Tensors `weight` and `bias` under `name`, as torch.nn.Conv3d has them. */
export const conv3d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: Triple,
  options: ConvLayerOptions<Triple, Padding3d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('conv3d', x, out, kernel, options, extra, false);
  return computed(layers, name, layer, (weight, bias) =>
    functions.conv3d(x, weight, { ...geometryOf(options), bias }),
  );
};

/** x [N, C, L] -> [N, out, OL]. Tensors `weight` and `bias` under `name`, as torch.nn.ConvTranspose1d has them. */
export const convTranspose1d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: number,
  options: ConvTransposeLayerOptions<number, Padding1d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('convTranspose1d', x, out, kernel, options, extra, true);
  return computed(layers, name, layer, (weight, bias) =>
    functions.convTranspose1d(x, weight, { ...geometryOf(options), bias }),
  );
};

/** x [N, C, H, W] -> [N, out, OH, OW]. Tensors `weight` and `bias` under `name`, as torch.nn.ConvTranspose2d has them. */
export const convTranspose2d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: Pair,
  options: ConvTransposeLayerOptions<Pair, Padding2d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('convTranspose2d', x, out, kernel, options, extra, true);
  return computed(layers, name, layer, (weight, bias) =>
    functions.convTranspose2d(x, weight, { ...geometryOf(options), bias }),
  );
};

/** x [N, C, D, H, W] -> [N, out, OD, OH, OW]. Tensors `weight` and `bias` under `name`, as torch.nn.ConvTranspose3d has them. */
export const convTranspose3d = (
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  kernel: Triple,
  options: ConvTransposeLayerOptions<Triple, Padding3d> = {},
  ...extra: never[]
): Value => {
  const layer = layerOf('convTranspose3d', x, out, kernel, options, extra, true);
  return computed(layers, name, layer, (weight, bias) =>
    functions.convTranspose3d(x, weight, { ...geometryOf(options), bias }),
  );
};

type AnyOptions = ConvTransposeLayerOptions<unknown, unknown>;

/** Axes by name. */
const AXES = {
  conv1d: 1,
  conv2d: 2,
  conv3d: 3,
  convTranspose1d: 1,
  convTranspose2d: 2,
  convTranspose3d: 3,
} as const;

/** The tensors of a layer. */
interface ConvLayer {
  readonly weight: readonly number[];
  /** Output channels. */
  readonly out: number;
  readonly options: WeightOptions;
}

/** @throws ShapeError, ConfigError for what can be no layer. */
function layerOf(
  op: keyof typeof AXES,
  x: Value,
  out: number,
  kernel: number | readonly number[],
  options: AnyOptions,
  extra: readonly never[],
  transposed: boolean,
): ConvLayer {
  refuseExtra(op, extra);
  const axes = AXES[op];
  requireRank(op, 'x', floatOperand(op, 'x', x), axes + 2);
  requireCount(op, 'out', out, 1);
  const sizes = sizesOf(op, 'kernel', kernel, axes, 1);
  requireOptions<AnyOptions>(
    op,
    options,
    (transposed ? CONV_TRANSPOSE_OPTIONS : CONV_OPTIONS) as OptionNames<AnyOptions>,
  );
  const { groups = 1, bias = true } = options;
  requireCount(op, 'groups', groups, 1);
  requireFlag(op, 'bias', bias);
  const channels = x.shape[1]!;
  if (channels % groups !== 0 || out % groups !== 0) {
    throw new ShapeError(`${op}: groups expects a divisor of ${channels} and ${out} channels, got ${groups}`);
  }
  const weight = transposed ? [channels, out / groups, ...sizes] : [out, channels / groups, ...sizes];
  return { weight, out, options };
}

function computed(
  layers: Layers,
  name: string,
  { weight: shape, out, options }: ConvLayer,
  apply: (weight: Value, bias: Value | undefined) => Value,
): Value {
  const { bias = true, weightInit = pytorchDefault } = options;
  // As PyTorch has it, of transposed convolutions too: all axes but the first.
  const { biasInit = uniformFanIn(product(shape.slice(1))) } = options;
  return within(layers, name, (inner) => {
    const weight = inner.parameter('weight', shape, weightInit);
    return apply(weight, bias ? inner.parameter('bias', [out], biasInit) : undefined);
  });
}

/** What the function takes beside the tensors. */
function geometryOf<T extends AnyOptions>(options: T): Omit<T, keyof WeightOptions> {
  const { bias: _bias, weightInit: _weight, biasInit: _start, ...geometry } = options;
  return geometry;
}
