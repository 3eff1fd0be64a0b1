import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { WgadError } from '../errors.ts';
import { type AnomalyJob, type AnomalySample, drawAnomaly } from './anomalies/index.ts';
import { useBudget } from './decodeBudget.ts';
import type { Frame } from './frame.ts';
import { loadPixels } from './loadImage.ts';

/** What the pool asks of a worker: an image decoded, or a training sample drawn from one that was. */
export interface WorkRequest {
  readonly id: number;
  readonly work: { readonly path: string } & ({ readonly frame: Frame } | { readonly anomaly: AnomalyJob });
}

/** What the pool grants: the share of memory that was asked for under this number. */
export interface WorkGrant {
  readonly granted: number;
}

/**
 * What a worker says: RGB planes [3, size, size] or a sample, or why not; that it needs a share of the memory for
 * decoding, or is done with one.
 */
export type WorkReply =
  | { readonly share: number; readonly take: number | 'all' }
  | { readonly share: number; readonly release: true }
  | { readonly id: number; readonly done: Uint8Array | AnomalySample }
  | { readonly id: number; readonly message: string; readonly where: string | undefined };

// Each file is read once; libvips would keep its operations for nothing.
sharp.cache(false);

const port = parentPort!;
const waiting = new Map<number, () => void>();
let shares = 0;
useBudget({
  take(bytes) {
    const share = shares++;
    port.postMessage({ share, take: bytes } satisfies WorkReply);
    const release = (): void => port.postMessage({ share, release: true } satisfies WorkReply);
    return new Promise((resolve) => waiting.set(share, () => resolve(release)));
  },
});

async function answer({ id, work }: WorkRequest): Promise<void> {
  try {
    const done = 'frame' in work ? await loadPixels(work.path, work.frame) : drawAnomaly(work.anomaly);
    const parts = done instanceof Uint8Array ? [done] : Object.values(done as AnomalySample);
    // A sample's planes may be the same twice.
    const buffers = [...new Set(parts.map(({ buffer }) => buffer as ArrayBuffer))];
    port.postMessage({ id, done } satisfies WorkReply, buffers);
  } catch (error) {
    const where = error instanceof WgadError ? error.where : work.path;
    port.postMessage({ id, message: (error as Error).message, where } satisfies WorkReply);
  }
}

// It catches whatever goes wrong; a message that cannot be sent ends the thread, and the pool hears of that.
port.on('message', (message: WorkRequest | WorkGrant) => {
  if ('granted' in message) {
    waiting.get(message.granted)?.();
    waiting.delete(message.granted);
    return;
  }
  answer(message).catch((error: unknown) => {
    throw error;
  });
});
