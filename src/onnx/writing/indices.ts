import type { Picking } from '../../graph/ops/select.ts';
import { product, range, type Shape } from '../../shape.ts';
import type { GraphWriter, WrittenType } from './graphWriter.ts';
import { part, reshaped } from './nodes.ts';

/** Truth where an index is one of 0 to size - 1; ONNX counts negative ones from the end, and runs end at others. */
export const inRange = (w: GraphWriter, indices: string, size: number): string =>
  w.node('And', [
    w.node('GreaterOrEqual', [indices, w.constant([0], [], 'i32')]),
    w.node('Less', [indices, w.constant([size], [], 'i32')]),
  ]);

/** What updates do to what is there, as ScatterElements has it. */
export type Reduction = 'add' | 'mul' | 'max' | 'min';

/**
 * x [outer, rows, inner] joined with updates by index. One row more takes those of indices out of range, and is cut off.
 * @param shapes of x and of the updates.
 */
export function scattered(
  w: GraphWriter,
  { x, indices, updates }: Readonly<Record<'x' | 'indices' | 'updates', string>>,
  shapes: { readonly x: Shape; readonly updates: Shape },
  { axis, each }: Picking,
  reduction: Reduction,
  dtype: WrittenType,
): string {
  const rows = shapes.x[axis]!;
  const known = w.node('Where', [inRange(w, indices, rows), indices, w.constant([rows], [], 'i32')]);
  const line = shapes.updates.map((size, i) => (i === axis ? size : 1));
  const places = each ? known : w.node('Expand', [reshaped(w, known, line), w.integers(shapes.updates)]);
  const spare = shapes.x.with(axis, 1);
  const longer = w.node('Concat', [x, w.constant(new Array<number>(product(spare)).fill(0), spare, dtype)], {
    axis,
  });
  return part(w, w.node('ScatterElements', [longer, places, updates], { axis, reduction }), axis, 0, rows);
}

/** The row-major place of indices [N, K] into axes of these sizes, -1 where one is out of range. */
export function flatPlaces(
  w: GraphWriter,
  indices: string,
  {
    count,
    sizes,
    groups,
  }: { readonly count: number; readonly sizes: readonly number[]; readonly groups: number },
): string {
  const each = Math.max(1, count / groups);
  let place = w.constant(
    range(count).map((i) => Math.floor(i / each)),
    [count],
    'i32',
  );
  const known = sizes.map((size, axis) => {
    const index = reshaped(w, part(w, indices, 1, axis, axis + 1), [count]);
    place = w.node('Add', [w.node('Mul', [place, w.constant([size], [], 'i32')]), index]);
    return inRange(w, index, size);
  });
  if (known.length === 0) return place;
  const all = known.reduce((a, b) => w.node('And', [a, b]));
  return w.node('Where', [all, place, w.constant([-1], [], 'i32')]);
}

/**
 * Places (i64) of x [N, L] in order, equal ones by place. NaN is the largest, which TopK does not say: it counts as infinite
 * first, and behind all others after.
 */
export function sortedPlaces(
  w: GraphWriter,
  x: string,
  length: number,
  { descending, isFloat }: { readonly descending: boolean; readonly isFloat: boolean },
): string {
  const order = (keys: string): string =>
    w.nodes('TopK', [keys, w.integers([length])], [w.fresh('TopK'), w.fresh('TopKIndices')], {
      axis: 1,
      largest: Number(descending),
    })[1]!;
  if (!isFloat) return order(x);
  const nan = w.node('IsNaN', [x]);
  const first = order(w.node('Where', [nan, w.scalar(Number.POSITIVE_INFINITY), x]));
  const flags = w.node('GatherElements', [w.cast(nan, 'f32'), first], { axis: 1 });
  return w.node('GatherElements', [first, order(flags)], { axis: 1 });
}

/** x with each place along `axis` replaced by weighted sums of places. `spans`: of each, the first and how many. */
export function resampled(
  w: GraphWriter,
  x: string,
  {
    axis,
    rank,
    weights,
    spans,
    taps,
  }: {
    readonly axis: number;
    readonly rank: number;
    readonly weights: readonly number[];
    readonly spans: readonly number[];
    readonly taps: number;
  },
): string {
  const count = spans.length / 2;
  const line = range(rank).map((i) => (i === axis ? count : 1));
  const terms = range(taps).map((k) => {
    const has = range(count).map((place) => k < spans[2 * place + 1]!);
    // Of a place with fewer the last again, whose product is not taken.
    const at = range(count).map(
      (place) => spans[2 * place]! + Math.max(0, Math.min(k, spans[2 * place + 1]! - 1)),
    );
    const taken = w.node('Gather', [x, w.constant(at, [count], 'i64')], { axis });
    const factors = w.constant(
      range(count).map((place) => weights[place * taps + k]!),
      line,
    );
    const term = w.node('Mul', [taken, factors]);
    if (has.every(Boolean)) return term;
    return w.node('Where', [w.constant(has.map(Number), line, 'bool'), term, w.scalar(0)]);
  });
  return terms.reduce((a, b) => w.node('Add', [a, b]));
}
