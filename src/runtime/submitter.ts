import { type Copies, type Dispatch, submit } from '../gpu/submit.ts';
import type { UploadRing } from '../gpu/uploadRing.ts';
import type { GPUBuffer, GPUDevice } from '../gpu/webgpuTypes.ts';
import type { PlannedDispatch } from '../plan/plan.ts';
import type { NumberArray } from './state.ts';

/** A dispatch with the part of the plan it runs. */
export interface PlanDispatch extends Dispatch {
  readonly planned: PlannedDispatch;
}

/** Numbers to write to a buffer before a run. */
export interface Upload {
  readonly to: GPUBuffer;
  readonly data: NumberArray;
  /** For large inputs: staging buffers that are mapped already. */
  readonly ring?: UploadRing;
}

/** Submits the runs of plans: at once, or timed (`profiler.ts`). */
export interface Submitter {
  /**
   * Enqueues the uploads, then the chunks, one submit each, with copies before the first and after the last of them.
   * Returns before the device has finished.
   */
  run(
    label: string,
    uploads: readonly Upload[],
    chunks: readonly (readonly PlanDispatch[])[],
    copies?: Copies,
  ): void;
  /**
   * Await it before anything else reads the buffers: it resolves once all runs have reached the queue. Undefined if
   * runs are submitted at once.
   */
  settled(): Promise<void> | undefined;
}

export const directSubmitter = (device: GPUDevice): Submitter => ({
  run(label, uploads, chunks, { before, after } = {}) {
    for (const each of uploads) write(device, label, each);
    // Copies without dispatches need a submit too.
    const parts = chunks.length === 0 && (before || after) ? [[]] : chunks;
    for (const [i, part] of parts.entries()) {
      submit(device, `${label} ${i + 1}/${parts.length}`, part, {
        before: i === 0 ? before : undefined,
        after: i === parts.length - 1 ? after : undefined,
      });
    }
  },
  settled: () => undefined,
});

export function write(device: GPUDevice, label: string, { to, data, ring }: Upload): void {
  if (ring?.write(label, to, data)) return;
  device.queue.writeBuffer(to, 0, data as NumberArray & ArrayBufferView<ArrayBuffer>);
}
