import { GpuError } from '../errors.ts';
import type { ScoredImage } from './scoredImage.ts';
import type { Scorer } from './scorerOn.ts';

/** A scorer whose device is opened again when it is lost. */
export interface SteadyScorer {
  /** The scorer as it is now; null while its device is gone. */
  readonly now: Scorer | null;
  /** Scores images that have no known class. @throws the device's error where it cannot be opened again, at once while it is gone. */
  score(images: readonly Uint8Array[]): Promise<ScoredImage[]>;
  close(): void;
}

/** What happens to the device. */
export interface DeviceEvents {
  /** It failed, or could not be opened. */
  failed(error: Error): void;
  /** It was opened again. */
  reopened(): void;
}

/** How often a batch is tried on devices opened one after the other. */
const TRIES = 3;

/** Milliseconds until a device that is gone is tried again: from the first of these on, twice as long each time. */
const PAUSES = { first: 1000, most: 30_000 } as const;

/**
 * After any error of a device nothing on it can be trusted: it is closed, another is opened, and what was in flight is scored
 * again. Where that fails three times, the device is gone: it is tried again by itself until it opens, since nobody may ask
 * meanwhile, as behind a proxy that sends nothing to a server that is not ready. Never call `score` before the last call has
 * settled.
 */
export async function steadyScorer(open: () => Promise<Scorer>, events: DeviceEvents): Promise<SteadyScorer> {
  let now: Scorer | null = await open();
  let gone: GpuError | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const reopen = async (): Promise<Scorer> => {
    const fresh = await open();
    if (closed) fresh.close();
    else {
      now = fresh;
      gone = null;
      events.reopened();
    }
    return fresh;
  };
  const reopenIn = (pause: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      reopen().catch((error: Error) => {
        if (closed) return;
        events.failed(error);
        reopenIn(Math.min(2 * pause, PAUSES.most));
      });
    }, pause);
    timer.unref();
  };
  return {
    get now() {
      return now;
    },
    async score(images) {
      if (gone) throw gone;
      for (let tries = 1; ; tries++) {
        try {
          const scorer = now ?? (await reopen());
          return await scorer.score(
            images,
            images.map(() => 0),
          );
        } catch (error) {
          if (!(error instanceof GpuError)) throw error;
          now?.close();
          now = null;
          events.failed(error);
          if (tries < TRIES) continue;
          gone = error;
          reopenIn(PAUSES.first);
          throw error;
        }
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
      now?.close();
      now = null;
    },
  };
}
