import { requireFlag } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product, shapeText } from '../../shape.ts';
import type { Carrying } from '../carried.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { withVjp } from './control.ts';
import { attributes, type OpTable } from './definition.ts';
import { permute, reshape } from './movement.ts';
import { INDEX, takeAlongAxis } from './select.ts';

export const sortOps = {
  /** Places (i32) of each row's elements in order, equal ones by place. x [N, L] -> [N, L]. */
  argsort: {
    attrs: attributes<{ readonly descending: boolean }>(),
    readsHalf: true,
    nonDifferentiable: 'places are integers; the values of sort have a derivative',
  },
} as const satisfies OpTable;

/** Which axis is sorted, and which way. */
export interface SortOptions {
  /** Which axis; default the last. */
  axis?: number;
  /** The largest first; default false. */
  descending?: boolean;
}

const SORT_OPTIONS: OptionNames<SortOptions> = { axis: true, descending: true };

/**
 * x in order along an axis, and the places (i32) it came from. Equal elements keep their order, also where the largest come
 * first. NaN is the largest, as in PyTorch; -0 equals 0.
 */
export function sort(
  x: Operand,
  options: SortOptions = {},
  ...extra: never[]
): { values: Value; indices: Value } {
  refuseExtra('sort', extra);
  const value = asValue(x, 'sort');
  const { axis, descending } = sorting('sort', value, options);
  const indices = sortedPlaces(value, axis, descending, INDEX);
  const values = takeAlongAxis(value, indices, axis);
  if (!value.dtype.startsWith('f')) return { values, indices };
  // Each element goes to one place: reading backwards is cheaper than adding up what goes where.
  const back = (g: Value): Value => takeAlongAxis(g, sortedPlaces(indices, axis, false, INDEX), axis);
  return { values: withVjp(values, [value], (g) => [() => back(g)]), indices };
}

/** The places (i32) that `sort` takes its elements from. */
export function argsort(x: Operand, options: SortOptions = {}, ...extra: never[]): Value {
  refuseExtra('argsort', extra);
  const value = asValue(x, 'argsort');
  const { axis, descending } = sorting('argsort', value, options);
  return sortedPlaces(value, axis, descending, INDEX);
}

function sorting(op: string, { shape }: Value, options: SortOptions): Required<SortOptions> {
  requireOptions(op, options, SORT_OPTIONS);
  const { axis = -1, descending = false } = options;
  requireFlag(op, 'descending', descending);
  if (shape.length === 0) throw new ShapeError(`${op}: x expects at least one axis, got ${shapeText(shape)}`);
  return { axis: normalizeAxis(op, axis, shape.length), descending };
}

/** `argsort` of checked arguments. The kernel sorts rows; another axis is moved to the end and back. @param from has it. */
export function sortedPlaces(x: Value, axis: number, descending: boolean, from: Carrying<'argsort'>): Value {
  const order = x.shape.map((_, i) => i).filter((i) => i !== axis);
  order.push(axis);
  const last = permute(x, order);
  const length = last.shape.at(-1)!;
  const rows = [product(last.shape.slice(0, -1)), length];
  const sorted = makeValue('argsort', [reshape(last, rows)], { descending }, rows, 'i32', from);
  const back = order.map((_, i) => order.indexOf(i));
  return permute(reshape(sorted, last.shape), back);
}
