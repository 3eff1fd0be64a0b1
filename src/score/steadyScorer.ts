import { GpuError } from '../errors.ts';
import type { ScoredImage } from './scoredImage.ts';
import type { Scorer } from './scorerOn.ts';

/** A scorer whose device is opened again when it is lost. */
export interface SteadyScorer {
  /** The scorer as it is now; null while its device is gone. */
  readonly now: Scorer | null;
  /** Scores images that have no known class. @throws the device's error where it cannot be opened again. */
  score(images: readonly Uint8Array[]): Promise<ScoredImage[]>;
  close(): void;
}

/** How often a batch is tried on devices opened one after the other. */
const TRIES = 3;

/**
 * After any error of a device nothing on it can be trusted: it is closed, another is opened, and what was in flight is scored
 * again. Never call `score` before the last call has settled.
 * @param onReopened told of the error each time.
 */
export async function steadyScorer(
  open: () => Promise<Scorer>,
  onReopened: (error: GpuError) => void,
): Promise<SteadyScorer> {
  let now: Scorer | null = await open();
  return {
    get now() {
      return now;
    },
    async score(images) {
      for (let tries = 1; ; tries++) {
        try {
          now ??= await open();
          return await now.score(
            images,
            images.map(() => 0),
          );
        } catch (error) {
          if (!(error instanceof GpuError)) throw error;
          now?.close();
          now = null;
          onReopened(error);
          if (tries >= TRIES) throw error;
        }
      }
    },
    close() {
      now?.close();
      now = null;
    },
  };
}
