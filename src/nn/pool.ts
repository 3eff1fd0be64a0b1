import { type Pair, pairOf, requireFlag, sizesOf, type Triple } from '../arguments.ts';
import { DtypeError, ShapeError } from '../errors.ts';
import { floatOperand, requireRank, requireSameShape } from '../graph/operands.ts';
import { outputSize } from '../graph/ops/conv.ts';
import { reshape } from '../graph/ops/movement.ts';
import { broadcastTo } from '../graph/ops/pointwise.ts';
import { type AvgPoolOptions, avgPool2d, maxPool2d } from '../graph/ops/pool.ts';
import { mean } from '../graph/ops/reduce.ts';
import { putAlongAxis } from '../graph/ops/scatter.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapeText } from '../shape.ts';

/** Mean over all positions: x [N, C, H, W] -> [N, C]. */
export function globalAvgPool2d(x: Operand, ...extra: never[]): Value {
  refuseExtra('globalAvgPool2d', extra);
  const value = asValue(x, 'globalAvgPool2d');
  requireRank('globalAvgPool2d', 'x', value, 4);
  return mean(value, { axes: [2, 3] });
}

/**
 * Values back at the places that `maxPool2dWithIndices` gave, zeros elsewhere: values and indices (i32) [N, C, h, w] ->
 * [N, C, ...size]. Of values for one place the last stays.
 */
export function maxUnpool2d(values: Operand, indices: Operand, size: Pair, ...extra: never[]): Value {
  refuseExtra('maxUnpool2d', extra);
  const [value, places] = [floatOperand('maxUnpool2d', 'values', values), asValue(indices, 'maxUnpool2d')];
  requireRank('maxUnpool2d', 'values', value, 4);
  if (places.dtype !== 'i32') throw new DtypeError(`maxUnpool2d: indices expects i32, got ${places.dtype}`);
  requireSameShape('maxUnpool2d', 'indices', places, 'values', value);
  const [height, width] = pairOf('maxUnpool2d', 'size', size, 1);
  const [n, c, h, w] = value.shape as [number, number, number, number];
  const flat = (x: Value): Value => reshape(x, [n * c, h * w]);
  const empty = broadcastTo(0, [n * c, height * width]);
  return reshape(putAlongAxis(empty, flat(places), flat(value), { axis: 1 }), [n, c, height, width]);
}

/** Pools to exactly `size`, which must divide x's: x [N, C, H, W] -> [N, C, size, size]. */
export function adaptiveAvgPool2d(x: Operand, size: Pair, ...extra: never[]): Value {
  refuseExtra('adaptiveAvgPool2d', extra);
  const value = asValue(x, 'adaptiveAvgPool2d');
  requireRank('adaptiveAvgPool2d', 'x', value, 4);
  const [oh, ow] = pairOf('adaptiveAvgPool2d', 'size', size, 1);
  const [h, w] = value.shape.slice(2) as [number, number];
  if (h % oh !== 0 || w % ow !== 0) {
    throw new ShapeError(`adaptiveAvgPool2d: size expects divisors of ${h}x${w}, got ${oh}x${ow}`);
  }
  return avgPool2d(value, { kernel: [h / oh, w / ow] });
}

/** Options of a pool along one axis or three. */
interface AlongOptions<Size> {
  /** Window size: for all axes, or for each. */
  kernel: Size;
  /** Default: the kernel. */
  stride?: Size;
  /** Less than the window; default 0. */
  padding?: Size;
  /** Distance of a window's elements; default 1. */
  dilation?: Size;
  /** Also windows that reach beyond the padded ends, if they begin inside; default false. */
  ceilMode?: boolean;
}

interface AvgAlongOptions<Size> extends AlongOptions<Size> {
  /** Count padding as zeros in the mean; default true. */
  countIncludePad?: boolean;
}

const ALONG_OPTIONS: OptionNames<AlongOptions<unknown>> = {
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
};
const AVG_ALONG_OPTIONS: OptionNames<AvgAlongOptions<unknown>> = { ...ALONG_OPTIONS, countIncludePad: true };

/** Largest of each window; padding counts as minus infinity. x [N, C, L] -> [N, C, OL]. */
export const maxPool1d = (x: Operand, options: AlongOptions<number>, ...extra: never[]): Value =>
  poolRow('maxPool1d', maxPool2d, x, options, extra);

/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, L] -> [N, C, OL]. */
export const avgPool1d = (x: Operand, options: AvgAlongOptions<number>, ...extra: never[]): Value =>
  poolRow('avgPool1d', avgPool2d, x, options, extra);

/** Largest of each window; padding counts as minus infinity. x [N, C, D, H, W] -> [N, C, OD, OH, OW]. */
export const maxPool3d = (x: Operand, options: AlongOptions<Triple>, ...extra: never[]): Value =>
  poolPlanes('maxPool3d', maxPool2d, x, options, extra);

/** Mean of each window, padding counted as zeros (PyTorch's default). x [N, C, D, H, W] -> [N, C, OD, OH, OW]. */
export const avgPool3d = (x: Operand, options: AvgAlongOptions<Triple>, ...extra: never[]): Value =>
  poolPlanes('avgPool3d', avgPool2d, x, options, extra);

type Pool2d = (x: Operand, options: AvgPoolOptions) => Value;

/** A row is an image of height 1. */
function poolRow(
  op: string,
  pool2d: Pool2d,
  x: Operand,
  options: AvgAlongOptions<number>,
  extra: readonly never[],
): Value {
  refuseExtra(op, extra);
  const { value, kernel, stride, padding, dilation, more } = windowOf(op, x, options, 1);
  const [n, c, length] = value.shape as [number, number, number];
  const pooled = pool2d(reshape(value, [n, c, 1, length]), {
    kernel: [1, kernel[0]!],
    stride: [1, stride[0]!],
    padding: [0, padding[0]!],
    dilation: [1, dilation[0]!],
    ...more,
  });
  return reshape(pooled, [n, c, pooled.shape[3]!]);
}

/** A maximum, or a mean, of a window is that of its planes'. */
function poolPlanes(
  op: string,
  pool2d: Pool2d,
  x: Operand,
  options: AvgAlongOptions<Triple>,
  extra: readonly never[],
): Value {
  refuseExtra(op, extra);
  const { value, kernel, stride, padding, dilation, more } = windowOf(op, x, options, 3);
  const [n, c, depth, h, w] = value.shape as [number, number, number, number, number];
  const planes = pool2d(reshape(value, [n, c * depth, h, w]), {
    kernel: [kernel[1]!, kernel[2]!],
    stride: [stride[1]!, stride[2]!],
    padding: [padding[1]!, padding[2]!],
    dilation: [dilation[1]!, dilation[2]!],
    ...more,
  });
  const [oh, ow] = planes.shape.slice(2) as [number, number];
  const pooled = pool2d(reshape(planes, [n, c, depth, oh * ow]), {
    kernel: [kernel[0]!, 1],
    stride: [stride[0]!, 1],
    padding: [padding[0]!, 0],
    dilation: [dilation[0]!, 1],
    ...more,
  });
  return reshape(pooled, [n, c, pooled.shape[2]!, oh, ow]);
}

/** A pool's operand and window along `axes` axes. @throws ShapeError unless one fits into the other. */
function windowOf(
  op: string,
  x: Operand,
  options: AvgAlongOptions<number | readonly number[]>,
  axes: number,
): {
  value: Value;
  more: Pick<AvgPoolOptions, 'ceilMode' | 'countIncludePad'>;
} & Readonly<Record<'kernel' | 'stride' | 'padding' | 'dilation', readonly number[]>> {
  const value = floatOperand(op, 'x', x);
  requireRank(op, 'x', value, axes + 2);
  const averages = op.startsWith('avg');
  if (averages) requireOptions(op, options, AVG_ALONG_OPTIONS);
  else requireOptions<AlongOptions<number | readonly number[]>>(op, options, ALONG_OPTIONS);
  const kernel = sizesOf(op, 'kernel', options.kernel, axes, 1);
  const stride = sizesOf(op, 'stride', options.stride ?? kernel, axes, 1);
  const padding = sizesOf(op, 'padding', options.padding ?? 0, axes, 0);
  const dilation = sizesOf(op, 'dilation', options.dilation ?? 1, axes, 1);
  const { ceilMode = false, countIncludePad = true } = options;
  requireFlag(op, 'ceilMode', ceilMode);
  requireFlag(op, 'countIncludePad', countIncludePad);
  const extents = kernel.map((size, i) => (size - 1) * dilation[i]! + 1);
  if (padding.some((each, i) => each >= extents[i]!)) {
    throw new ShapeError(`${op}: padding expects less than the window of ${extents}, got ${padding}`);
  }
  const sizes = value.shape.slice(2);
  if (sizes.some((size, i) => outputSize(size, extents[i]!, stride[i]!, 2 * padding[i]!) < 1)) {
    throw new ShapeError(`${op}: kernel ${kernel.join('x')} does not fit ${shapeText(value.shape)}`);
  }
  const more = { ceilMode, ...(averages && { countIncludePad }) };
  return { value, kernel, stride, padding, dilation, more };
}
