/** One compute dispatch, ready to be encoded. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [number, number, number];
  /** Relative cost, for splitting a long step into several submits. */
  readonly cost: number;
}

export interface BufferCopy {
  readonly from: GPUBuffer;
  readonly fromOffset: number;
  readonly to: GPUBuffer;
  readonly toOffset: number;
  readonly bytes: number;
}

/** A dispatch list in pieces, each of which should keep the device busy for at most `budget` cost. */
export function chunkDispatches(dispatches: readonly Dispatch[], budget: number): Dispatch[][] {
  const chunks: Dispatch[][] = [];
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

/** One encoder, one compute pass, one submit: the dispatches in order, then the copies. */
export function submit(
  device: GPUDevice,
  label: string,
  dispatches: readonly Dispatch[],
  copies: readonly BufferCopy[] = [],
): void {
  const encoder = device.createCommandEncoder({ label });
  if (dispatches.length > 0) {
    const pass = encoder.beginComputePass({ label });
    for (const { pipeline, bindGroup, grid } of dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
    }
    pass.end();
  }
  for (const { from, fromOffset, to, toOffset, bytes } of copies) {
    encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
  }
  device.queue.submit([encoder.finish()]);
}
