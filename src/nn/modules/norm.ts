import { requireCount, requireFlag } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { floatOperand } from '../../graph/operands.ts';
import { constant, type Value } from '../../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product, type Shape, shapeText } from '../../shape.ts';
import { ones, zeros } from '../init.ts';
import { type Layers, within } from '../layers.ts';
import * as functions from '../norm.ts';
import type { Initializer } from '../parameterSpec.ts';

/** What all normalising layers have. */
export interface NormLayerOptions {
  /** Added to the variance; default 1e-5. */
  eps?: number;
  /** Whether a trained scale and shift follow, `weight` and `bias`; default true. */
  affine?: boolean;
  /** Fills a new scale; default ones. */
  weightInit?: Initializer;
}

const NORM_OPTIONS: OptionNames<NormLayerOptions> = { eps: true, affine: true, weightInit: true };

/**
 * Each channel of x [N, C, ...S]: in training by the batch's mean and variance, which it reports for `runningStatistics`,
 * otherwise by the running ones. Tensors `weight`, `bias`, `running_mean` and `running_var` [C], as torch.nn.BatchNorm has them.
 */
export function batchNorm(
  layers: Layers,
  name: string,
  x: Value,
  options: NormLayerOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('batchNorm', extra);
  const { eps } = checked('batchNorm', x, options);
  return within(layers, name, (inner) => {
    const shape = channelsOf('batchNorm', x);
    const { weight, bias } = affine(inner, shape, options) ?? plain(shape);
    const mean = inner.buffer('running_mean', shape, zeros);
    const variance = inner.buffer('running_var', shape, ones);
    if (!inner.training) return functions.batchNorm(x, { weight, bias, mean, variance, eps });
    const batch = functions.batchNormTrain(x, weight, bias, eps);
    inner.measured('running_mean', batch.mean);
    inner.measured('running_var', batch.variance);
    return batch.out;
  });
}

/** Each group of channels of each sample of x [N, C, ...S]. Tensors `weight` and `bias` [C], as torch.nn.GroupNorm has them. */
export function groupNorm(
  layers: Layers,
  name: string,
  x: Value,
  groups: number,
  options: NormLayerOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('groupNorm', extra);
  const { eps } = checked('groupNorm', x, options);
  requireCount('groupNorm', 'groups', groups, 1);
  return within(layers, name, (inner) =>
    functions.groupNorm(x, groups, { ...affine(inner, channelsOf('groupNorm', x), options), eps }),
  );
}

/**
 * Each channel of each sample of x [N, C, ...S]. Without tensors unless `affine` is true, then `weight` and `bias` [C], as
 * torch.nn.InstanceNorm has them.
 */
export function instanceNorm(
  layers: Layers,
  name: string,
  x: Value,
  options: NormLayerOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('instanceNorm', extra);
  const { eps } = checked('instanceNorm', x, options);
  return within(layers, name, (inner) =>
    functions.instanceNorm(x, {
      ...affine(inner, channelsOf('instanceNorm', x), { affine: false, ...options }),
      eps,
    }),
  );
}

/** What `layerNorm` has more. */
export interface LayerNormOptions extends NormLayerOptions {
  /** How many of the last axes are one row; default 1. */
  axes?: number;
}

const LAYER_NORM_OPTIONS: OptionNames<LayerNormOptions> = { ...NORM_OPTIONS, axes: true };

/** The last axes of x [..., C]. Tensors `weight` and `bias` of their sizes, as torch.nn.LayerNorm has them. */
export function layerNorm(
  layers: Layers,
  name: string,
  x: Value,
  options: LayerNormOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('layerNorm', extra);
  const { axes = 1, ...rest } = options;
  requireOptions('layerNorm', options, LAYER_NORM_OPTIONS);
  const { eps } = checked('layerNorm', x, rest);
  requireCount('layerNorm', 'axes', axes, 1);
  if (axes > x.shape.length) {
    throw new ShapeError(
      `layerNorm: axes expects at most ${x.shape.length} of ${shapeText(x.shape)}, got ${axes}`,
    );
  }
  const shape = x.shape.slice(-axes);
  return within(layers, name, (inner) => {
    const { weight, bias } = affine(inner, shape, rest) ?? plain(shape);
    return functions.layerNorm(x, weight, bias, eps);
  });
}

function checked(op: string, x: Value, options: NormLayerOptions): { eps: number } {
  floatOperand(op, 'x', x);
  requireOptions(op, options, NORM_OPTIONS);
  const { eps = 1e-5, affine: scaled = true } = options;
  requireFlag(op, 'affine', scaled);
  return { eps };
}

/** [C]. @throws ShapeError unless x is [N, C, ...]. */
function channelsOf(op: string, x: Value): Shape {
  if (x.shape.length >= 2) return [x.shape[1]!];
  throw new ShapeError(`${op}: x expects [N, C, ...], got ${shapeText(x.shape)}`);
}

/** The tensors of the scale and the shift, if there are to be any. */
function affine(
  inner: Layers,
  shape: Shape,
  { affine: scaled = true, weightInit = ones }: NormLayerOptions,
): { weight: Value; bias: Value } | undefined {
  if (!scaled) return undefined;
  return {
    weight: inner.parameter('weight', shape, weightInit),
    bias: inner.parameter('bias', shape, zeros),
  };
}

/** A scale and a shift that change nothing. */
const plain = (shape: Shape): { weight: Value; bias: Value } => ({
  weight: constant(new Float32Array(product(shape)).fill(1), shape),
  bias: constant(new Float32Array(product(shape)), shape),
});
