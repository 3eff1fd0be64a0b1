import type { TextureCopy } from '../gpu/submit.ts';
import type { Plan } from '../plan/plan.ts';
import type { Gpu } from './gpu.ts';

/** The textures of a plan on a device. */
export interface PlanTextures {
  /** Copies that fill them, by the index of the dispatch that they come before. */
  readonly copiesBefore: ReadonlyMap<number, readonly TextureCopy[]>;
  /** The texture that a binding of a dispatch reads, or undefined where it binds a buffer. */
  viewOf(dispatch: number, binding: number): GPUTextureView | undefined;
}

/** @param owned takes each texture as it is made, for the caller to destroy. */
export function makeTextures(
  gpu: Gpu,
  plan: Plan,
  slots: readonly GPUBuffer[],
  owned: (GPUBuffer | GPUTexture)[],
): PlanTextures {
  const copiesBefore = new Map<number, TextureCopy[]>();
  const views = new Map<string, GPUTextureView>();
  for (const { key, shape, fills, readers } of plan.textures) {
    const texture = gpu.buffers.createTexture(`${plan.label} texture ${key}`, shape);
    owned.push(texture);
    for (const { before, range } of fills) {
      const copy = { from: slots[range.slot]!, fromOffset: range.offset, to: texture };
      copiesBefore.set(before, [...(copiesBefore.get(before) ?? []), copy]);
    }
    for (const { dispatch, binding } of readers) {
      views.set(`${dispatch}:${binding}`, texture.createView({ dimension: '2d-array' }));
    }
  }
  return { copiesBefore, viewOf: (dispatch, binding) => views.get(`${dispatch}:${binding}`) };
}
