/**
 * Textures for bindings that read a buffer range as a texture. A range that the prelude computes (packed weights) has a
 * texture of its own, filled by the prelude; all others share one per shape and binding, filled before each use unless
 * it holds the range already.
 */
import type { PlannedDispatch, PlannedTexture, Range } from './plan.ts';

/** The textures that these dispatches need, the first `prelude` of which are the prelude. */
export function texturesOf(dispatches: readonly PlannedDispatch[], prelude: number): PlannedTexture[] {
  const textures = new Map<string, PlannedTexture & { fills: Fill[]; readers: Reader[] }>();
  const ahead = lastWriters(dispatches.slice(0, prelude));
  // Memory of the prelude may be reused later: then the later writer counts.
  for (const place of lastWriters(dispatches.slice(prelude)).keys()) ahead.delete(place);
  dispatches.forEach(({ kernel, ranges }, dispatch) => {
    kernel.bindings.forEach(({ texture: shape }, binding) => {
      if (!shape) return;
      const range = ranges[binding]!;
      const size = `${shape.width}x${shape.height}x${shape.layers}`;
      // Within the prelude itself a range is filled before each use.
      const writer = dispatch >= prelude ? ahead.get(placeOf(range)) : undefined;
      const key = writer === undefined ? `${size} ${binding}` : `${size} at ${placeOf(range)}`;
      const known = textures.get(key);
      const texture = known ?? { key, shape, fills: [], readers: [] };
      textures.set(key, texture);
      // Filled before the dispatch after its writer; for the prelude's last dispatch that is the first of the rest.
      if (writer === undefined) {
        const last = texture.fills.at(-1);
        // What the prelude filled may be overwritten before the next run.
        const stale = last !== undefined && last.before < prelude && dispatch >= prelude;
        if (!last || stale || !holds(last, range, dispatches.slice(last.before, dispatch)))
          texture.fills.push({ before: dispatch, range });
      }
      if (writer !== undefined && !known) texture.fills.push({ before: writer + 1, range });
      texture.readers.push({ dispatch, binding });
    });
  });
  return [...textures.values()];
}

/** Whether a texture that was filled from `range` still holds what is there after `since`. */
const holds = (last: Fill, range: Range, since: readonly PlannedDispatch[]): boolean =>
  placeOf(last.range) === placeOf(range) &&
  !since.some(({ kernel, ranges }) =>
    ranges.some((each, i) => kernel.bindings[i]!.access !== 'read' && overlap(each, range)),
  );

const overlap = (a: Range, b: Range): boolean =>
  a.slot === b.slot && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;

type Fill = PlannedTexture['fills'][number];
type Reader = PlannedTexture['readers'][number];

function lastWriters(dispatches: readonly PlannedDispatch[]): Map<string, number> {
  const writers = new Map<string, number>();
  dispatches.forEach(({ kernel, ranges }, at) => {
    ranges.forEach((range, i) => {
      if (kernel.bindings[i]!.access !== 'read') writers.set(placeOf(range), at);
    });
  });
  return writers;
}

const placeOf = ({ slot, offset }: Range): string => `${slot}:${offset}`;
