/**
 * Textures for bindings that read a buffer range as an image. A range that the prelude computes (packed weights) has
 * a texture of its own, filled by the prelude; all others share one per shape and binding, filled before each use.
 */
import type { ImageCopy } from '../gpu/submit.ts';
import type { Plan, PlannedDispatch, Range } from '../graph/plan.ts';
import type { ImageShape } from '../kernels/kernel.ts';
import type { Gpu } from './gpu.ts';

export interface PlacedImages {
  /** By index of the dispatch before which they must be made. */
  readonly copiesBefore: ReadonlyMap<number, readonly ImageCopy[]>;
  /** The texture that a binding reads, or undefined where it binds a buffer. */
  viewOf(dispatch: PlannedDispatch, binding: number): GPUTextureView | undefined;
}

/** One texture of a plan: what is copied into it before which dispatch, and which bindings read it. */
export interface PlannedImage {
  readonly key: string;
  readonly shape: ImageShape;
  readonly fills: { readonly before: number; readonly range: Range }[];
  readonly readers: { readonly dispatch: PlannedDispatch; readonly binding: number }[];
}

/** The textures that a plan needs, without making any. */
export function plannedImages(plan: Plan): PlannedImage[] {
  const images = new Map<string, PlannedImage>();
  const ahead = lastWriters(plan.dispatches.slice(0, plan.prelude));
  // Memory of the prelude that nothing needs later may serve again: then the later writer counts.
  for (const place of lastWriters(plan.dispatches.slice(plan.prelude)).keys()) ahead.delete(place);
  plan.dispatches.forEach((dispatch, at) => {
    dispatch.kernel.bindings.forEach(({ image: shape }, binding) => {
      if (!shape) return;
      const range = dispatch.ranges[binding]!;
      const size = `${shape.width}x${shape.height}x${shape.layers}`;
      // A plan whose every dispatch is in the prelude has nothing to hand over.
      const writer = at >= plan.prelude ? ahead.get(placeOf(range)) : undefined;
      const key = writer === undefined ? `${size} ${binding}` : `${size} at ${placeOf(range)}`;
      const known = images.get(key);
      const image = known ?? { key, shape, fills: [], readers: [] };
      images.set(key, image);
      // Filled at the dispatch after its writer, so that the prelude's last one is followed by the first of the rest.
      if (writer === undefined) image.fills.push({ before: at, range });
      else if (!known) image.fills.push({ before: writer + 1, range });
      image.readers.push({ dispatch, binding });
    });
  });
  return [...images.values()];
}

/** @param owned takes each texture as it is made, for the caller to destroy. */
export function placeImages(
  gpu: Gpu,
  plan: Plan,
  slots: readonly GPUBuffer[],
  owned: (GPUBuffer | GPUTexture)[],
): PlacedImages {
  const copiesBefore = new Map<number, ImageCopy[]>();
  const views = new Map<PlannedDispatch, Map<number, GPUTextureView>>();
  for (const { key, shape, fills, readers } of plannedImages(plan)) {
    const texture = gpu.buffers.createImage(`${plan.label} image ${key}`, shape);
    owned.push(texture);
    for (const { before, range } of fills) {
      const copy = { from: slots[range.slot]!, fromOffset: range.offset, to: texture };
      copiesBefore.set(before, [...(copiesBefore.get(before) ?? []), copy]);
    }
    for (const { dispatch, binding } of readers) {
      const own = views.get(dispatch) ?? new Map<number, GPUTextureView>();
      views.set(dispatch, own.set(binding, texture.createView({ dimension: '2d-array' })));
    }
  }
  return { copiesBefore, viewOf: (dispatch, binding) => views.get(dispatch)?.get(binding) };
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
