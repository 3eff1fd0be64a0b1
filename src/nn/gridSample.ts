import { requireFlag, requireOneOf } from '../arguments.ts';
import { ShapeError } from '../errors.ts';
import { floatOperand, requireRank } from '../graph/operands.ts';
import { stopGradient } from '../graph/ops/control.ts';
import { concat, part, permute } from '../graph/ops/movement.ts';
import {
  abs,
  add,
  cast,
  clamp,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  mul,
  neg,
  remainder,
  round,
  scale,
  shift,
  sub,
  where,
} from '../graph/ops/pointwise.ts';
import { gatherNd } from '../graph/ops/select.ts';
import type { Operand, Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapeText } from '../shape.ts';

const MODES = ['bilinear', 'nearest', 'bicubic'] as const;
const BORDERS = ['zeros', 'border', 'reflection'] as const;

/** How `gridSample` reads between pixels and beyond the border. */
export interface GridSampleOptions {
  /** Default bilinear. */
  mode?: (typeof MODES)[number];
  /** What stands outside of x: zeros (default), its nearest pixel, or its mirror image. */
  padding?: (typeof BORDERS)[number];
  /** -1 and 1 are the middles of the outermost pixels instead of their outer edges; default false. */
  alignCorners?: boolean;
}

const GRID_SAMPLE_OPTIONS: OptionNames<GridSampleOptions> = { mode: true, padding: true, alignCorners: true };

/**
 * x at places of its own for every pixel, PyTorch's `grid_sample`: x [N, C, H, W], grid [N, OH, OW, 2] of (x, y) from -1 (left,
 * top) to 1 -> [N, C, OH, OW]. With `nearest` no derivative flows to the grid.
 */
export function gridSample(
  x: Operand,
  grid: Operand,
  options: GridSampleOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('gridSample', extra);
  requireOptions('gridSample', options, GRID_SAMPLE_OPTIONS);
  const { mode = 'bilinear', padding = 'zeros', alignCorners = false } = options;
  requireOneOf('gridSample', 'mode', mode, MODES);
  requireOneOf('gridSample', 'padding', padding, BORDERS);
  requireFlag('gridSample', 'alignCorners', alignCorners);
  const [image, places] = [floatOperand('gridSample', 'x', x), floatOperand('gridSample', 'grid', grid)];
  requireRank('gridSample', 'x', image, 4);
  const [n, , h, w] = image.shape as [number, number, number, number];
  if (places.shape.length !== 4 || places.shape[0] !== n || places.shape[3] !== 2) {
    throw new ShapeError(`gridSample: grid expects [${n}, any, any, 2], got ${shapeText(places.shape)}`);
  }
  if (h === 0 || w === 0) {
    throw new ShapeError(`gridSample: x expects pixels to sample, got ${shapeText(image.shape)}`);
  }
  const pixels = permute(image, [0, 2, 3, 1]);
  const borders = { padding, alignCorners };
  // In pixels of x, whose middles are whole numbers.
  const [across, down] = [w, h].map((size, axis) => {
    const own = part(places, 3, axis, 1);
    return alignCorners ? scale(shift(own, 1), (size - 1) / 2) : shift(scale(shift(own, 1), size / 2), -0.5);
  }) as [Value, Value];
  const sampled = (row: Value, column: Value): Value => pixelAt(pixels, row, column);
  const out = ((): Value => {
    if (mode === 'nearest')
      return sampled(round(bounded(down, h, borders)), round(bounded(across, w, borders)));
    // Bicubic: each neighbour is brought inside by itself.
    const cubic = mode === 'bicubic';
    const [y, x] = cubic ? [down, across] : [bounded(down, h, borders), bounded(across, w, borders)];
    const [top, left] = [floor(y), floor(x)];
    const weights = cubic ? cubicWeights : linearWeights;
    const inside = (place: Value, size: number): Value =>
      cubic ? round(bounded(place, size, borders)) : place;
    const rows = weights(sub(y, top)).map(([k, weight]) => [inside(shift(top, k), h), weight] as const);
    const columns = weights(sub(x, left)).map(([k, weight]) => [inside(shift(left, k), w), weight] as const);
    const terms = rows.map(([row, ofRow]) => {
      const along = columns.map(([column, ofColumn]) => mul(sampled(row, column), ofColumn));
      return mul(
        along.reduce((a, b) => add(a, b)),
        ofRow,
      );
    });
    return terms.reduce((a, b) => add(a, b));
  })();
  return permute(out, [0, 3, 1, 2]);
}

type Weights = (fraction: Value) => readonly (readonly [neighbour: number, weight: Value])[];

const linearWeights: Weights = (t) => [
  [0, shift(neg(t), 1)],
  [1, t],
];

/** Keys' convolution with -0.75, as in PyTorch. */
const cubicWeights: Weights = (t) =>
  [-1, 0, 1, 2].map((k) => {
    const distance = k < 1 ? shift(t, -k) : shift(neg(t), k);
    const [a, d] = [-0.75, distance];
    const near = k === 0 || k === 1;
    const coefficients = near ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
    const [cube, square, line, rest] = coefficients as [number, number, number, number];
    return [k, shift(mul(shift(mul(shift(scale(d, cube), square), d), line), d), rest)] as const;
  });

/** A place brought inside as `padding` says; its derivative is 0 where it is held at a border. */
function bounded(
  place: Value,
  size: number,
  { padding, alignCorners }: Required<Pick<GridSampleOptions, 'padding' | 'alignCorners'>>,
): Value {
  if (padding === 'zeros') return place;
  const held = (x: Value): Value => where(greater(x, 0), where(less(x, size - 1), x, size - 1), 0);
  if (padding === 'border') return held(place);
  // Mirrors at the outermost middles, or at the edges half a pixel beyond them.
  const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size];
  if (span === 0) return scale(place, 0);
  // Up to the first mirror and back is one round.
  const turn = remainder(shift(place, -low), 2 * span);
  return held(shift(sub(span, abs(shift(turn, -span))), low));
}

/** Pixels [N, H, W, C] at whole rows and columns [N, OH, OW, 1]; 0 outside. */
function pixelAt(pixels: Value, row: Value, column: Value): Value {
  const [, h, w] = pixels.shape as [number, number, number, number];
  const within = (place: Value, size: number): Value =>
    logicalAnd(greaterEqual(place, 0), lessEqual(place, size - 1));
  const indices = concat(
    [cast(clamp(stopGradient(row), 0, h - 1), 'i32'), cast(clamp(stopGradient(column), 0, w - 1), 'i32')],
    3,
  );
  return where(logicalAnd(within(row, h), within(column, w)), gatherNd(pixels, indices, 1), 0);
}
