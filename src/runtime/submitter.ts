import { type Copies, type Dispatch, submit } from '../gpu/submit.ts';
import type { UploadRing } from '../gpu/uploadRing.ts';
import type { GPUBuffer, GPUDevice } from '../gpu/webgpuTypes.ts';
import type { PlannedDispatch } from '../plan/plan.ts';
import type { NumberArray } from './state.ts';

/** A dispatch that remembers what of the plan it is. */
export interface PlanDispatch extends Dispatch {
  readonly planned: PlannedDispatch;
}

/** Numbers on their way to a buffer, in front of a run. */
export interface Upload {
  readonly to: GPUBuffer;
  readonly data: NumberArray;
  /** For large inputs: staging buffers that are mapped already. */
  readonly ring?: UploadRing;
}

/** How the runs of plans reach the queue: at once, or measured (`profiler.ts`). */
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
   * To be awaited before anything else reads the buffers: nothing of what was run waits on this side of the queue any
   * more. Undefined where nothing ever does.
   */
  settled(): Promise<void> | undefined;
}

export const directSubmitter = (device: GPUDevice): Submitter => ({
  run(label, uploads, chunks, { before, after } = {}) {
    for (const each of uploads) write(device, label, each);
    // Copies alone are a submit too.
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
