/**
 * Textures for bindings that read a buffer range as an image. A range that the prelude computes (packed weights) has
 * a texture of its own, filled by the prelude; all others share one per shape and binding, filled before each use.
 */
import type { ImageCopy } from '../gpu/submit.ts';
import type { Plan, PlannedDispatch, Range } from '../graph/plan.ts';
import type { Gpu } from './gpu.ts';

export interface PlacedImages {
  readonly textures: readonly GPUTexture[];
  /** By index of the dispatch before which they must be made. */
  readonly copiesBefore: ReadonlyMap<number, readonly ImageCopy[]>;
  /** The texture that a binding reads, or undefined where it binds a buffer. */
  viewOf(dispatch: PlannedDispatch, binding: number): GPUTextureView | undefined;
}

export function placeImages(gpu: Gpu, plan: Plan, slots: readonly GPUBuffer[]): PlacedImages {
  const textures = new Map<string, GPUTexture>();
  const copiesBefore = new Map<number, ImageCopy[]>();
  const views = new Map<PlannedDispatch, Map<number, GPUTextureView>>();
  const ahead = lastWriters(plan.dispatches.slice(0, plan.prelude));
  // Memory of the prelude that nothing needs later may serve again: then the later writer counts.
  for (const place of lastWriters(plan.dispatches.slice(plan.prelude)).keys()) ahead.delete(place);
  plan.dispatches.forEach((dispatch, at) => {
    dispatch.kernel.bindings.forEach(({ image }, binding) => {
      if (!image) return;
      const range = dispatch.ranges[binding]!;
      const shape = `${image.width}x${image.height}x${image.layers}`;
      // A plan whose every dispatch is in the prelude has nothing to hand over.
      const writer = at >= plan.prelude ? ahead.get(placeOf(range)) : undefined;
      const key = writer === undefined ? `${shape} ${binding}` : `${shape} at ${placeOf(range)}`;
      const known = textures.get(key);
      const texture = known ?? gpu.buffers.createImage(`${plan.label} image ${key}`, image);
      textures.set(key, texture);
      if (writer === undefined || !known) {
        // Filled at the dispatch after its writer, so that the prelude's last one is followed by the first of the rest.
        const when = writer === undefined ? at : writer + 1;
        const copy = { from: slots[range.slot]!, fromOffset: range.offset, to: texture };
        copiesBefore.set(when, [...(copiesBefore.get(when) ?? []), copy]);
      }
      const own = views.get(dispatch) ?? new Map<number, GPUTextureView>();
      views.set(dispatch, own.set(binding, texture.createView({ dimension: '2d-array' })));
    });
  });
  return {
    textures: [...textures.values()],
    copiesBefore,
    viewOf: (dispatch, binding) => views.get(dispatch)?.get(binding),
  };
}

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
