import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { WgadError } from '../errors.ts';
import type { Frame } from './frame.ts';
import { loadPixels } from './loadImage.ts';

/** What the loader asks of a worker. */
export interface DecodeRequest {
  readonly id: number;
  readonly path: string;
  readonly frame: Frame;
}

/** What a worker answers: RGB planes [3, size, size], or why not. */
export type DecodeReply =
  | { readonly id: number; readonly pixels: Uint8Array }
  | { readonly id: number; readonly message: string; readonly where: string | undefined };

// Each file is read once; libvips would keep its operations for nothing.
sharp.cache(false);

const port = parentPort!;
port.on('message', async ({ id, path, frame }: DecodeRequest) => {
  try {
    const pixels = await loadPixels(path, frame);
    port.postMessage({ id, pixels } satisfies DecodeReply, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    const where = error instanceof WgadError ? error.where : path;
    port.postMessage({ id, message: (error as Error).message, where } satisfies DecodeReply);
  }
});
