/**
 * Greedy picks of the farthest patch (methods.md 8.1, step 4), many in one pass over all patches.
 *
 * One by one, each pick takes a pass that measures how far every patch is from it. But distances only fall. So among the
 * patches that are farthest now, the candidates, the farthest stays the farthest of all for as long as it comes before
 * what was farthest outside: no patch outside can rise above that. Picks are made among the candidates alone, up to the
 * first that does not come before; then one pass compares all patches with the new picks. The first pick of a pass is
 * always good, so there is an end.
 *
 * The picks are those of picking one by one, to the last: every distance is the same sum of squared differences in the
 * order of the dimensions, whichever kernel computes it (kernels/nearest/), its root is taken last, and equals go by the
 * patch's number everywhere.
 */
import type { Graph } from '../graph/graph.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import { distancePlan, PROJECTED, pickPlan, placesName } from './coresetPlans.ts';

/** How far the picking has come. */
export interface Picks {
  /** Numbers of the patches, in the order in which they were picked. */
  readonly picked: Int32Array;
  /** From every patch to the nearest of those picked, and the mean over the starts; complete while more are to come. */
  readonly distances: Float32Array;
}

/** The projected patches, on the device in chunks. */
export interface ProjectedPatches {
  /** Patches of each chunk; all but the last have `size`. */
  readonly chunks: readonly number[];
  readonly size: number;
  /** Those that the first distances are measured from [starts, 128]. */
  readonly points: Float32Array;
}

export interface PickOptions {
  /** How many are picked in all. */
  readonly count: number;
  /** Where an earlier run stopped; default: the start. */
  readonly from?: Picks;
  readonly signal?: AbortSignal;
  /** Called after each pass, and awaited. */
  readonly onPicks?: (picks: Picks) => Promise<void>;
}

/** Candidates for the picks of a pass, and most picks of a pass: enough that arithmetic is what it costs. */
const CANDIDATES = 1024;
const PICKS = 128;

/** @returns where it ended: before `count` if the signal stopped it. */
export async function pickFarthest(
  session: Session,
  patches: ProjectedPatches,
  { count, from, signal, onPicks }: PickOptions,
): Promise<Picks> {
  const { chunks } = patches;
  const distances = from?.distances.slice() ?? (await startDistances(session, patches));
  const picked = new Int32Array(count);
  picked.set(from?.picked ?? []);
  let done = from?.picked.length ?? 0;
  const executables: Executable[] = [];
  const compile = async (label: string, graph: Graph): Promise<Executable> => {
    executables.push(await session.compile(label, graph));
    return executables.at(-1)!;
  };
  try {
    const candidates = Math.min(CANDIDATES, distances.length);
    const among = await compile('coreset picks', pickPlan(chunks, candidates, PICKS));
    const passes: Executable[] = [];
    for (const [i, length] of chunks.entries()) {
      passes.push(await compile('coreset distances', distancePlan(i, length, PICKS)));
    }
    while (done < count && !signal?.aborted) {
      const farthest = farthestOf(distances, candidates);
      among.run({
        ...placesOf(farthest.candidates, patches),
        distances: Float32Array.from(farthest.candidates, (patch) => distances[patch]!),
      });
      const found = await among.read();
      const good = goodPicks(found.get('picked')!, found.get('at')!, farthest).slice(0, count - done);
      picked.set(good, done);
      done += good.length;
      if (done < count) {
        const points = found.get('points') as Float32Array<ArrayBuffer>;
        // The first again in place of those that are not good.
        for (let i = good.length; i < PICKS; i++) points.copyWithin(i * PROJECTED, 0, PROJECTED);
        for (const pass of passes) pass.run({ points });
        await lower(distances, passes);
      }
      await onPicks?.({ picked: picked.subarray(0, done), distances });
    }
    return { picked: picked.subarray(0, done), distances };
  } finally {
    for (const executable of executables) executable.destroy();
  }
}

/** The patches of the candidates `picked`, up to the first whose distance `at` does not put it before all outside. */
function goodPicks(picked: NumberArray, at: NumberArray, { candidates, comesBefore }: Farthest): number[] {
  const patches = Array.from(picked, (place) => candidates[place]!);
  const end = patches.findIndex((patch, i) => !comesBefore(at[i]!, patch));
  return end < 0 ? patches : patches.slice(0, end);
}

/** The inputs of `pickPlan` that say where candidates lie. */
function placesOf(candidates: readonly number[], { chunks, size }: ProjectedPatches) {
  const places = chunks.map((_, i): [string, Int32Array] => [
    placesName(i),
    Int32Array.from(candidates, (patch) => (Math.floor(patch / size) === i ? patch % size : 0)),
  ]);
  const chunk = Float32Array.from(candidates, (patch) => Math.floor(patch / size));
  return { chunk, ...Object.fromEntries(places) };
}

/** The mean over the starts of each patch's distance to them. */
async function startDistances(
  session: Session,
  { chunks, size, points }: ProjectedPatches,
): Promise<Float32Array> {
  const sums = new Float32Array(chunks.reduce((all, length) => all + length, 0));
  const starts = points.length / PROJECTED;
  for (const [i, length] of chunks.entries()) {
    const executable = await session.compile('coreset start', distancePlan(i, length, 1));
    try {
      for (let start = 0; start < starts; start++) {
        executable.run({ points: points.subarray(start * PROJECTED, (start + 1) * PROJECTED) });
        const distances = (await executable.read()).get('distances')!;
        for (const [at, distance] of distances.entries()) sums[i * size + at]! += distance;
      }
    } finally {
      executable.destroy();
    }
  }
  return sums.map((sum) => sum / starts);
}

/** Each distance becomes the smaller of itself and that of the pass. */
async function lower(distances: Float32Array, passes: readonly Executable[]): Promise<void> {
  let at = 0;
  for (const pass of passes) {
    const near = (await pass.read()).get('distances')!;
    for (let i = 0; i < near.length; i++, at++) distances[at] = Math.min(distances[at]!, near[i]!);
  }
}

/** Bins that distances are counted in. */
const BINS = 4096;

/** The patches that come first, by distance and, among equals, by number. */
export interface Farthest {
  /** Their numbers, ascending. */
  readonly candidates: readonly number[];
  /** Whether a patch at this distance comes before all that are not among them. */
  comesBefore(distance: number, patch: number): boolean;
}

/** The `size` of them that come first. */
export function farthestOf(distances: Float32Array, size: number): Farthest {
  let most = 0;
  for (const distance of distances) most = Math.max(most, distance);
  const binOf = (distance: number): number => (most > 0 ? Math.floor((distance / most) * BINS) : 0);
  const counts = new Int32Array(BINS + 1);
  for (const distance of distances) counts[binOf(distance)]! += 1;
  // One more than asked for: the first that is not among them.
  let bin = BINS;
  for (let above = counts[bin]!; above <= size && bin > 0; above += counts[bin]!) bin -= 1;
  const high: number[] = [];
  for (let patch = 0; patch < distances.length; patch++)
    if (binOf(distances[patch]!) >= bin) high.push(patch);
  high.sort((a, b) => distances[b]! - distances[a]! || a - b);
  const outside = high[size];
  const limit = outside === undefined ? Number.NEGATIVE_INFINITY : distances[outside]!;
  return {
    candidates: high.slice(0, size).sort((a, b) => a - b),
    comesBefore: (distance, patch) => distance > limit || (distance === limit && patch < outside!),
  };
}
