import { requireOneOf } from '../../arguments.ts';
import { DtypeError, ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import type { Carrying } from '../carried.ts';
import { requireIndices } from '../operands.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape } from './movement.ts';
import { add, less, where } from './pointwise.ts';
import { flatPlaces, INDEX, indicesOf, type Picking, picked, requireAlong } from './select.ts';
import { sortedPlaces } from './sort.ts';

/** With this many indices they are sorted first; with fewer, every element looks at all of them. */
const SORTED_FROM = 128;

export const scatterOps = {
  /** indices, order? -> of x's shape (i32): the last update that each element gets, -1 for none. */
  lastUpdate: { attrs: attributes<Picking>(), nonDifferentiable: 'which update comes last does not move' },
  /** x, updates, indices, order? -> x joined with its updates, in order. */
  scatterJoin: {
    attrs: attributes<Picking & { readonly kind: 'mul' | 'max' | 'min' }>(),
    nonDifferentiable: "scatter has a derivative with mode 'set' or 'add'",
  },
} as const satisfies OpTable;

const MODES = ['set', 'add', 'mul', 'max', 'min'] as const;
export type ScatterMode = (typeof MODES)[number];

/** What updates do to what is there. */
export interface ScatterNdOptions {
  /**
   * `set` (default) puts updates in x's place, of several for one place the last; the others join x and all its updates in
   * order. `set` and `add` have a derivative.
   */
  mode?: ScatterMode;
}

/** The same, and along which axis. */
export interface ScatterOptions extends ScatterNdOptions {
  /** Along which axis of x; default 0. */
  axis?: number;
}

const SCATTER_ND_OPTIONS: OptionNames<ScatterNdOptions> = { mode: true };
const SCATTER_OPTIONS: OptionNames<ScatterOptions> = { mode: true, axis: true };

/**
 * x with `updates` at the slices that `gather` reads: x [...A, R, ...B], indices (i32) [...I], updates [...A, ...I, ...B].
 * The order of additions is that of the indices, so results are the same at every run.
 * @throws ShapeError for a constant index outside 0..R-1; one that only the device knows is left out.
 */
export function scatter(
  x: Operand,
  indices: Operand,
  updates: Operand,
  options: ScatterOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('scatter', extra);
  requireOptions('scatter', options, SCATTER_OPTIONS);
  const { axis = 0, mode = 'set' } = options;
  const [value, given] = sameTypes('scatter', x, updates);
  const picks = indicesOf('scatter', 'indices', indices);
  const chosen = normalizeAxis('scatter', axis, value.shape.length);
  const { shape } = value;
  requireUpdates('scatter', given, [...shape.slice(0, chosen), ...picks.shape, ...shape.slice(chosen + 1)]);
  requireIndices('scatter', 'indices', picks, shape[chosen]!);
  const count = product(picks.shape);
  const flat = reshape(given, shape.with(chosen, count));
  return scattered('scatter', value, reshape(picks, [count]), flat, mode, { axis: chosen, each: false });
}

/**
 * x with `updates` at the elements that `takeAlongAxis` reads: indices (i32) and updates have x's shape but along `axis`
 * (default 0).
 * @throws ShapeError for a constant index outside the axis; one that only the device knows is left out.
 */
export function putAlongAxis(
  x: Operand,
  indices: Operand,
  updates: Operand,
  options: ScatterOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('putAlongAxis', extra);
  requireOptions('putAlongAxis', options, SCATTER_OPTIONS);
  const { axis = 0, mode = 'set' } = options;
  const [value, given] = sameTypes('putAlongAxis', x, updates);
  const picks = indicesOf('putAlongAxis', 'indices', indices);
  const chosen = normalizeAxis('putAlongAxis', axis, value.shape.length);
  requireAlong('putAlongAxis', 'indices', picks, value, chosen);
  requireUpdates('putAlongAxis', given, picks.shape);
  requireIndices('putAlongAxis', 'indices', picks, value.shape[chosen]!);
  return scattered('putAlongAxis', value, picks, given, mode, { axis: chosen, each: true });
}

/**
 * x with `updates` at the parts that `gatherNd` reads: x [...S, ...T], indices (i32) [...I, K] with K the number of axes of S,
 * updates [...I, ...T]. An index out of range is left out.
 */
export function scatterNd(
  x: Operand,
  indices: Operand,
  updates: Operand,
  options: ScatterNdOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('scatterNd', extra);
  requireOptions('scatterNd', options, SCATTER_ND_OPTIONS);
  const { mode = 'set' } = options;
  const [value, given] = sameTypes('scatterNd', x, updates);
  const picks = indicesOf('scatterNd', 'indices', indices);
  const { flat, rows, inner } = flatPlaces('scatterNd', value, picks);
  requireUpdates('scatterNd', given, [...picks.shape.slice(0, -1), ...inner]);
  const width = product(inner);
  const [all, some] = [reshape(value, [rows, width]), reshape(given, [flat.shape[0]!, width])];
  return reshape(scattered('scatterNd', all, flat, some, mode, { axis: 0, each: false }), value.shape);
}

/**
 * Sums into zeros of `shape` what `updates` bring to each index, in order: the transpose of `gather`. @param from has the
 * kernels.
 */
export const scatterSum = (
  updates: Value,
  indices: Value,
  picking: Picking,
  shape: Shape,
  from: Carrying<'gatherGrad'>,
): Value =>
  makeValue(
    'gatherGrad',
    [updates, indices, ...sortedOrder(indices, picking, from)],
    picking,
    shape,
    updates.dtype,
    from,
  );

function scattered(
  op: string,
  x: Value,
  indices: Value,
  updates: Value,
  mode: ScatterMode,
  picking: Picking,
): Value {
  requireOneOf(op, 'mode', mode, MODES);
  if (product(updates.shape) === 0) return x;
  if (mode === 'add') return add(x, scatterSum(updates, indices, picking, x.shape, INDEX));
  const order = sortedOrder(indices, picking, INDEX);
  if (mode !== 'set') {
    return makeValue(
      'scatterJoin',
      [x, updates, indices, ...order],
      { ...picking, kind: mode },
      x.shape,
      x.dtype,
      INDEX,
    );
  }
  const { axis, each } = picking;
  const lines = each ? x.shape : [x.shape[axis]!];
  const last = makeValue(
    'lastUpdate',
    [indices, ...order],
    { axis: each ? axis : 0, each },
    lines,
    'i32',
    INDEX,
  );
  const stretched = each ? last.shape : x.shape.map((size, i) => (i === axis ? size : 1));
  return where(less(reshape(last, stretched), 0), x, picked(updates, last, picking, INDEX));
}

/** The order in which equal indices stand together, earlier ones first, where there are enough of them. */
function sortedOrder(indices: Value, { axis, each }: Picking, from: Carrying<'argsort'>): Value[] {
  const along = each ? axis : 0;
  return indices.shape[along]! < SORTED_FROM ? [] : [sortedPlaces(indices, along, false, from)];
}

/** @throws DtypeError unless both are of one type that computes. */
function sameTypes(op: string, x: Operand, updates: Operand): [Value, Value] {
  const [value, given] = [asValue(x, op), asValue(updates, op)];
  if (value.dtype === given.dtype && value.dtype !== 'f16') return [value, given];
  throw new DtypeError(
    `${op}: x and updates expect one type of f32, i32 or u32, got ${value.dtype} and ${given.dtype}`,
  );
}

function requireUpdates(op: string, updates: Value, shape: Shape): void {
  if (shapesEqual(updates.shape, shape)) return;
  throw new ShapeError(`${op}: updates expects ${shapeText(shape)}, got ${shapeText(updates.shape)}`);
}
