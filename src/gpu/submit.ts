import { TEXEL_BYTES } from './buffers.ts';
import type { PassLease } from './passClock.ts';
import type {
  GPUBindGroup,
  GPUBuffer,
  GPUCommandEncoder,
  GPUComputePipeline,
  GPUDevice,
  GPUTexture,
} from './webgpuTypes.ts';

/** One compute dispatch, ready to be encoded. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [number, number, number];
  /** Textures that must hold what the dispatches before it computed. */
  readonly textures?: readonly TextureCopy[];
  /** Relative cost, for splitting a long step into several submits. */
  readonly cost: number;
}

/** Texels in a buffer, rows and layers without gaps, into a texture of the same shape. */
export interface TextureCopy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUTexture;
}

export interface BufferCopy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
}

/** A dispatch list in pieces, each of which should keep the device busy for at most `budget` cost. */
export function chunkDispatches<D extends Dispatch>(dispatches: readonly D[], budget: number): D[][] {
  const chunks: D[][] = [];
  let sum = Number.POSITIVE_INFINITY;
  for (const dispatch of dispatches) {
    if (sum + dispatch.cost > budget) {
      chunks.push([]);
      sum = 0;
    }
    chunks.at(-1)!.push(dispatch);
    sum += dispatch.cost;
  }
  return chunks;
}

/** Copies of one submit around its dispatches. */
export interface Copies {
  readonly before?: readonly BufferCopy[];
  readonly after?: readonly BufferCopy[];
}

/**
 * One encoder, one submit: copies, the dispatches in order, in one compute pass where no texture is filled between;
 * copies. With `times` every dispatch has a pass of its own, whose ends are written there.
 */
export function submit(
  device: GPUDevice,
  label: string,
  dispatches: readonly Dispatch[],
  { before = [], after = [], times }: Copies & { readonly times?: PassLease } = {},
): void {
  const encoder = device.createCommandEncoder({ label });
  for (const copy of before) encodeCopy(encoder, copy);
  let pass: GPUComputePassEncoder | undefined;
  for (const [i, { pipeline, bindGroup, grid, textures = [] }] of dispatches.entries()) {
    if (textures.length > 0 || times) {
      pass?.end();
      pass = undefined;
      for (const texture of textures) encodeTextureCopy(encoder, texture);
    }
    pass ??= encoder.beginComputePass({ label, timestampWrites: times?.writes(i) });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...grid);
  }
  pass?.end();
  times?.resolve(encoder, dispatches.length);
  for (const copy of after) encodeCopy(encoder, copy);
  device.queue.submit([encoder.finish()]);
}

function encodeCopy(encoder: GPUCommandEncoder, { from, fromOffset, to, toOffset, bytes }: BufferCopy): void {
  encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
}

export function encodeTextureCopy(encoder: GPUCommandEncoder, { from, fromOffset, to }: TextureCopy): void {
  const { width, height, depthOrArrayLayers } = to;
  encoder.copyBufferToTexture(
    { buffer: from, offset: fromOffset, bytesPerRow: width * TEXEL_BYTES, rowsPerImage: height },
    { texture: to },
    [width, height, depthOrArrayLayers],
  );
}
