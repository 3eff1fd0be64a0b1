import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { type AnomalyJob, type AnomalySample, drawAnomaly } from './anomalies/index.ts';
import { type Decoded, type DecodeWork, doWork, type Failure, failureOf } from './decodeWork.ts';

/** What the pool asks of a worker: an image decoded, or a training sample drawn from one that was. */
export interface WorkRequest {
  readonly id: number;
  readonly work: DecodeWork | AnomalyWork;
}
export interface AnomalyWork {
  readonly what: 'anomaly';
  readonly path: string;
  readonly anomaly: AnomalyJob;
}

export type WorkReply =
  | { readonly id: number; readonly done: Decoded | AnomalySample }
  | { readonly id: number; readonly failure: Failure };

// Each file is read once; libvips would keep its operations for nothing.
sharp.cache(false);

const port = parentPort!;

async function answer({ id, work }: WorkRequest): Promise<void> {
  try {
    const done = work.what === 'anomaly' ? drawAnomaly(work.anomaly) : await doWork(work);
    const parts = done instanceof Uint8Array ? [done] : Object.values(done);
    // A sample's planes may be the same twice.
    const buffers = new Set(
      parts.flatMap((part) => (part instanceof Uint8Array ? [part.buffer as ArrayBuffer] : [])),
    );
    port.postMessage({ id, done } satisfies WorkReply, [...buffers]);
  } catch (error) {
    port.postMessage({ id, failure: failureOf(error, work.path) } satisfies WorkReply);
  }
}

// It catches whatever goes wrong; a message that cannot be sent ends the thread, and the pool hears of that.
port.on('message', (request: WorkRequest) => {
  answer(request).catch((error: unknown) => {
    throw error;
  });
});
