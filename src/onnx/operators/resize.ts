/** Resampling: a matrix of weights along each axis that changes, as ONNX's reference defines them. */
import { ShapeError } from '../../errors.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { permute, reshape } from '../../graph/ops/movement.ts';
import { add, mul } from '../../graph/ops/pointwise.ts';
import { interpolate } from '../../graph/ops/resize.ts';
import { constant, type Value } from '../../graph/value.ts';
import { normalizeAxis, range } from '../../shape.ts';
import { roundHalfEven } from '../elementType.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';

interface Axis {
  readonly from: number;
  readonly to: number;
  /** Of sizes, as the file gives it. */
  readonly scale: number;
  /** Part of the image that is looked at, for tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

interface Method {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly antialias: boolean;
  readonly excludesOutside: boolean;
}

/** Where the middle of pixel i of the result lies in the image. */
function sourceOf(i: number, { from, to, scale, roi: [start, end] }: Axis, coordinates: string): number {
  // As the reference has it, before it is rounded to a whole number of pixels.
  const size = from * scale;
  switch (coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = to / (from * scale);
      const centre = from / 2;
      return centre * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to === 1 ? 0 : (i * (from - 1)) / (size - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_crop_and_resize':
      return to > 1
        ? start * (from - 1) + (i * (end - start) * (from - 1)) / (size - 1)
        : 0.5 * (start + end) * (from - 1);
    default:
      throw new ShapeError(`coordinate_transformation_mode is not known: ${coordinates}`);
  }
}

function nearestOf(x: number, how: string): number {
  const below = Math.floor(x);
  if (how === 'floor') return below;
  if (how === 'ceil') return Math.ceil(x);
  const half = x - below === 0.5;
  if (half) return how === 'round_prefer_ceil' ? below + 1 : below;
  return roundHalfEven(x);
}

const cubicWeight = (x: number, a: number): number => {
  const d = Math.abs(x);
  if (d < 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
};
const linearWeight = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** [to, from]; a row of a place outside the image is left to `extrapolated`. */
function weights(axis: Axis, method: Method): number[][] {
  const { from, to, scale } = axis;
  return range(to).map((i) => {
    const row = new Array<number>(from).fill(0);
    const x = sourceOf(i, axis, method.coordinates);
    const place = (at: number): number => Math.min(Math.max(at, 0), from - 1);
    if (method.mode === 'nearest') {
      row[place(nearestOf(x, method.nearest))] = 1;
      return row;
    }
    const shrink = method.antialias ? Math.min(1, scale) : 1;
    const reach = (method.mode === 'cubic' ? 2 : 1) / shrink;
    const weight = (d: number): number =>
      method.mode === 'cubic' ? cubicWeight(d * shrink, method.cubic) : linearWeight(d * shrink);
    const first = Math.floor(x) - Math.ceil(reach) + 1;
    const taps = range(2 * Math.ceil(reach)).map((k): [number, number] => [first + k, weight(first + k - x)]);
    const inside = method.excludesOutside ? taps.filter(([at]) => at >= 0 && at < from) : taps;
    const total = inside.reduce((sum, [, w]) => sum + w, 0);
    for (const [at, w] of inside) row[place(at)]! += w / total;
    return row;
  });
}

/** 1 for each place of the result that lies outside the image. */
const outside = (axis: Axis, method: Method): number[] =>
  range(axis.to).map((i) => {
    const x = sourceOf(i, axis, method.coordinates);
    return Number(x < 0 || x > axis.from - 1);
  });

function along(x: Value, axis: number, matrix: readonly (readonly number[])[]): Value {
  const rank = x.shape.length;
  const order = [...range(rank).filter((i) => i !== axis), axis];
  const weight = constant(matrix.flat(), [matrix.length, x.shape[axis]!]);
  const rows = axis === rank - 1 ? x : permute(x, order);
  const out = matmul(rows.shape.length === 1 ? rowOf(rows) : rows, weight, { transposeB: true });
  return axis === rank - 1
    ? shapedAs(out, rank)
    : permute(
        shapedAs(out, rank),
        range(rank).map((i) => order.indexOf(i)),
      );
}

const rowOf = (x: Value): Value => reshape(x, [1, x.shape[0]!]);
const shapedAs = (x: Value, rank: number): Value =>
  x.shape.length === rank ? x : reshape(x, x.shape.slice(1));

function resize(call: NodeCall): Term {
  const term = call.term(0);
  const { shape } = term;
  const rank = shape.length;
  const axes = (call.ints('axes') ?? range(rank)).map((axis) => normalizeAxis('Resize', axis, rank));
  const roi = call.optionalNumbers(1, 'roi') ?? [];
  const scales = call.optionalNumbers(2, 'scales') ?? [];
  const sizes = call.optionalNumbers(3, 'sizes') ?? [];
  const policy = call.text('keep_aspect_ratio_policy', 'stretch');
  const ratios = sizes.length > 0 ? sizes.map((size, i) => size / shape[axes[i]!]!) : scales;
  const shared = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  const keeps = sizes.length > 0 && policy !== 'stretch';
  const plans = axes.map((axis, i): Axis => {
    const from = shape[axis]!;
    const scale = keeps ? shared : ratios[i]!;
    const to = keeps
      ? Math.floor(shared * from + 0.5)
      : sizes.length > 0
        ? sizes[i]!
        : Math.floor(from * scale);
    return { from, to, scale, roi: [roi[i] ?? 0, roi[i + axes.length] ?? 1] };
  });
  const method: Method = {
    mode: call.text('mode', 'nearest'),
    coordinates: call.text('coordinate_transformation_mode', 'half_pixel'),
    nearest: call.text('nearest_mode', 'round_prefer_floor'),
    cubic: call.float('cubic_coeff_a', -0.75),
    antialias: call.flag('antialias', false),
    excludesOutside: call.flag('exclude_outside', false),
  };
  const cropped = method.coordinates === 'tf_crop_and_resize';
  const moving = axes
    .map((axis, i) => ({ axis, plan: plans[i]! }))
    .filter(({ plan }) => plan.from !== plan.to || plan.scale !== 1 || cropped);
  const x = convert(term, 'float').value;
  const common = asInterpolate(moving, method, shape);
  if (common) return convert(Term.of('float', interpolate(x, common)), term.type);
  let out = moving.reduce((soFar, { axis, plan }) => along(soFar, axis, weights(plan, method)), x);
  if (cropped) {
    const filling = call.float('extrapolation_value', 0);
    for (const { axis, plan } of moving) {
      const mask = constant(
        outside(plan, method),
        range(rank).map((i) => (i === axis ? plan.to : 1)),
      );
      out = add(mul(out, add(mul(mask, -1), 1)), mul(mask, filling));
    }
  }
  return convert(Term.of('float', out), term.type);
}

/** The library's own function where it computes the same. */
function asInterpolate(
  moving: readonly { axis: number; plan: Axis }[],
  { mode, coordinates, nearest, antialias }: Method,
  shape: readonly number[],
): Parameters<typeof interpolate>[1] | undefined {
  if (shape.length !== 4 || moving.length === 0 || moving.some(({ axis }) => axis < 2) || antialias)
    return undefined;
  if (moving.some(({ plan }) => plan.scale !== plan.to / plan.from)) return undefined;
  const size = [2, 3].map((axis) => moving.find((each) => each.axis === axis)?.plan.to ?? shape[axis]!) as [
    number,
    number,
  ];
  if (mode === 'nearest' && coordinates === 'asymmetric' && nearest === 'floor')
    return { size, mode: 'nearest' };
  if (mode !== 'linear') return undefined;
  if (coordinates === 'align_corners') return { size, mode: 'bilinear', alignCorners: true };
  const half =
    coordinates === 'half_pixel' || (coordinates === 'pytorch_half_pixel' && size.every((each) => each > 1));
  return half ? { size, mode: 'bilinear' } : undefined;
}

export const resizeOperators: OperatorTable = {
  Resize: {
    attributes: [
      'antialias',
      'axes',
      'coordinate_transformation_mode',
      'cubic_coeff_a',
      'exclude_outside',
      'extrapolation_value',
      'keep_aspect_ratio_policy',
      'mode',
      'nearest_mode',
    ],
    known: [1, 2, 3],
    run: resize,
  },
};
