import sharp from 'sharp';
import { FileError, ImageError } from '../errors.ts';
import { openRegular, readRegular } from '../formats/regularFile.ts';
import { bmpSize } from './bmp.ts';
import { imageDamage } from './imageDamage.ts';

/** Bytes that decodes may hold at once, over all threads of the process: one image of the largest kind that is read. */
const MOST = 512 * 2 ** 20;

/** Gives shares of the memory for decoding, in the order asked for. */
export interface DecodeBudget {
  /**
   * Waits for this many bytes, or for all: then no other image is being decoded. @returns a function that gives them
   * back.
   */
  take(bytes: number | 'all'): Promise<() => void>;
}

/** First come, first served: no request overtakes a large one that waits. */
export function decodeBudget(most = MOST): DecodeBudget {
  let held = 0;
  const queue: { readonly bytes: number; readonly grant: () => void }[] = [];
  const next = (): void => {
    while (queue.length > 0 && held + queue[0]!.bytes <= most) {
      const { bytes, grant } = queue.shift()!;
      held += bytes;
      grant();
    }
  };
  return {
    take(asked) {
      // A request for more than the budget gets all of it.
      const bytes = asked === 'all' ? most : Math.min(most, Math.max(1, asked));
      return new Promise((resolve) => {
        const release = (): void => {
          held -= bytes;
          next();
        };
        queue.push({ bytes, grant: () => resolve(release) });
        next();
      });
    },
  };
}

let current = decodeBudget();

/** The process's own; in a decoding thread, its parent's. */
export const processBudget = (): DecodeBudget => current;

/** A decoding thread asks its parent. */
export function useBudget(budget: DecodeBudget): void {
  current = budget;
}

/**
 * Decodes within the budget, which is held until `body` is done with the pixels. A failed decode is tried again with no
 * other under way: libvips keeps the messages of all threads in one place, so the first message could be another's.
 */
export async function budgeted<T>(path: string, body: () => Promise<T>): Promise<T> {
  const looked = await current.take(1);
  const cost = await decodeCost(path).finally(looked);
  const release = await current.take(cost);
  try {
    return await body();
  } catch (error) {
    // Errors of the file system already have the right message.
    if (!(error instanceof ImageError) || error.cause instanceof FileError) throw error;
  } finally {
    release();
  }
  const releaseAll = await current.take('all');
  try {
    return await body();
  } catch (error) {
    throw await explained(path, error);
  } finally {
    releaseAll();
  }
}

/** Messages of libvips for damage without a known reason. */
const SAYS_NOTHING = /Unknown error$|corrupt header: *$/;

/** libvips has no reason for some damage. */
async function explained(path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof ImageError && SAYS_NOTHING.test(error.message))) return error;
  const reason = imageDamage(await readRegular(path));
  return new ImageError(`cannot read image ${path}: ${reason}`, { where: path, cause: error });
}

/** Approximate bytes to decode a file, from its header; 0 for an unreadable header, since the file will be refused. */
async function decodeCost(path: string): Promise<number> {
  const file = await openRegular(path).catch(() => null);
  if (!file) return 0;
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(128);
    await file.read(head, 0, head.length, 0);
    if (head.toString('latin1', 0, 2) === 'BM') {
      const { width, height } = bmpSize(head);
      return size + 3 * width * height;
    }
    if (!/^(\x89PNG|\xff\xd8|RIFF|II\*|MM)/.test(head.toString('latin1', 0, 4))) return size;
    const {
      width,
      height,
      channels,
      depth,
      isProgressive,
      orientation = 1,
    } = await sharp(path, {
      limitInputPixels: false,
    }).metadata();
    const wide = /16|short/.test(depth) ? 2 : /32|int|float/.test(depth) ? 4 : 1;
    // Interlaced and turned images are held whole on the way.
    const whole = isProgressive || orientation > 1 ? 2 : 1;
    return size + whole * width * height * Math.max(3, channels) * wide;
  } catch {
    return 0;
  } finally {
    await file.close();
  }
}
