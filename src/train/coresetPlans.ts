/** The device's part of a greedy coreset: what is projected, and the steps that pick the farthest patch. */
import type { Graph } from '../graph/graph.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { concat, reshape } from '../graph/ops/movement.ts';
import { add, cast, minimum, scale, sqrt, square, sub, where } from '../graph/ops/pointwise.ts';
import { argmax, max, sum } from '../graph/ops/reduce.ts';
import { gather } from '../graph/ops/select.ts';
import { assign } from '../graph/ops/update.ts';
import { constant, input, state, type Value } from '../graph/value.ts';

/** Dimensions in which distances between patches are compared (Roth et al. 2022). */
export const PROJECTED = 128;
/** Patches that the first distances are measured from. */
export const STARTS = 10;
/** Picks per plan run: few read-backs for many dispatches. */
export const PICKS = 16;

/** The search for the farthest patch is a two-level tree with groups of this size. */
const GROUP = 32;
/** Columns of a chunk are a multiple of this. */
export const CHUNK_STEP = GROUP * GROUP;
/** Indices in a chunk are computed in float32, exact up to 2^24. */
export const MOST_COLUMNS = 2 ** 24 / PROJECTED;

export const columnsName = (chunk: number): string => `coreset columns ${chunk}`;
export const distancesName = (chunk: number): string => `coreset distances ${chunk}`;
const columnsOf = (chunk: number, length: number): Value => state(columnsName(chunk), [PROJECTED, length]);

/** Patches' vectors [N, patches, C] to columns of `projection` [128, C]: output projected [128, N patches]. */
export function projectionOf(rows: Value): Graph {
  const [n, patches, width] = rows.shape as [number, number, number];
  const projection = input('projection', [PROJECTED, width]);
  const projected = matmul(projection, reshape(rows, [n * patches, width]), { transposeB: true });
  return { outputs: new Map([['projected', projected]]), effects: [] };
}

/** Longer sums are split over lanes that read far apart, which is 3 times as slow on a CPU adapter. */
const TERMS = 64;

/** Euclidean distances of a chunk's columns to a point [128]: [length]. */
function distancesTo(columns: Value, point: Value): Value {
  const halves = (x: Value, length: number): Value => reshape(x, [PROJECTED / TERMS, TERMS, length]);
  const differences = sub(halves(columns, columns.shape[1]!), halves(point, 1));
  return sqrt(sum(sum(square(differences), { axes: [1] }), { axes: [0] }));
}

/**
 * The first distances of one chunk: means over the points [starts, 128]. Where `real` [length] is 0 the column is
 * padding: -1, which is never the farthest.
 */
export function startPlan(chunk: number, length: number, starts: number): Graph {
  const points = input('points', [starts, PROJECTED]);
  const each = Array.from({ length: starts }, (_, i) =>
    distancesTo(columnsOf(chunk, length), gather(points, constant([i], [1], 'i32'))),
  );
  const mean = scale(
    each.reduce((all, one) => add(all, one)),
    1 / starts,
  );
  const distances = where(input('real', [length]), mean, -1);
  return {
    outputs: new Map(),
    effects: [assign(state(distancesName(chunk), [length]), distances)],
  };
}

/**
 * `PICKS` times: the farthest patch of all chunks (the first of equals), then every distance becomes the minimum of
 * itself and that to the new patch. Output: picked [PICKS, 2], chunk and column.
 */
export function pickPlan(chunks: readonly number[]): Graph {
  const columns = chunks.map((length, i) => columnsOf(i, length));
  const states = chunks.map((length, i) => state(distancesName(i), [length]));
  let distances = states;
  const picked: Value[] = [];
  for (let step = 0; step < PICKS; step++) {
    const farthest = distances.map(farthestOf);
    const which = argmax(concat(farthest.map(({ distance }) => distance)), 0, true);
    const at = gather(concat(farthest.map(({ column }) => column)), which);
    const points = farthest.map(({ column }, i) => columnAt(columns[i]!, column));
    const point = gather(concat(points), which);
    picked.push(cast(which, 'f32'), at);
    distances = distances.map((each, i) => minimum(each, distancesTo(columns[i]!, point)));
  }
  return {
    outputs: new Map([['picked', reshape(concat(picked), [PICKS, 2])]]),
    effects: states.map((each, i) => assign(each, distances[i]!)),
  };
}

/** The largest of [length] and its index, each [1]; a tree of three levels keeps each lane's share small. */
function farthestOf(distances: Value): { distance: Value; column: Value } {
  const groups = reshape(distances, [distances.shape[0]! / GROUP, GROUP]);
  const outer = reshape(max(groups, { axes: [1] }), [groups.shape[0]! / GROUP, GROUP]);
  const top = max(outer, { axes: [1] });
  const first = argmax(top, 0, true);
  const second = placeIn(first, gather(cast(argmax(outer, 1), 'f32'), first));
  const column = placeIn(second, gather(cast(argmax(groups, 1), 'f32'), cast(second, 'i32')));
  return { distance: gather(top, first), column };
}

/** Index among all members, from the group's index and that within the group. */
const placeIn = (group: Value, member: Value): Value =>
  add(scale(group.dtype === 'i32' ? cast(group, 'f32') : group, GROUP), member);

/** One column [1, 128] of [128, length], by number [1]. */
function columnAt(columns: Value, column: Value): Value {
  const length = columns.shape[1]!;
  const firsts = constant(
    Array.from({ length: PROJECTED }, (_, i) => i * length),
    [PROJECTED],
  );
  const numbers = gather(reshape(columns, [PROJECTED * length, 1]), cast(add(firsts, column), 'i32'));
  return reshape(numbers, [1, PROJECTED]);
}
