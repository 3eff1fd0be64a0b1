import { open, rm, stat } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import { isRunning } from './atomicFile.ts';
import { fileError, isSystemError } from './fileErrors.ts';
import { readText } from './regularFile.ts';

/** Locks of this process. */
const own = new Set<string>();

/** How it is said that another has the lock. */
interface LockWords {
  /** What is done with the file: it is being `fetched`. */
  readonly done: string;
  /** What to do. */
  readonly wait: string;
}

/**
 * Runs `body` while no other process, and nobody else in this one, writes the same file: two would write over each
 * other's bytes. The lock is a file with the process's number; one that a killed process left is taken over.
 * @throws FileError where another has it.
 */
export async function whileLocked<T>(path: string, words: LockWords, body: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await take(lock, path, words);
  own.add(lock);
  try {
    return await body();
  } finally {
    own.delete(lock);
    await rm(lock, { force: true }).catch(() => {});
  }
}

async function take(lock: string, path: string, { done, wait }: LockWords): Promise<void> {
  for (;;) {
    try {
      const file = await open(lock, 'wx');
      try {
        await file.writeFile(`${process.pid}\n`);
        return;
      } catch (cause) {
        // An empty lock would have no owner.
        await rm(lock, { force: true }).catch(() => {});
        throw cause;
      } finally {
        await file.close().catch(() => {});
      }
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      if (cause.code !== 'EEXIST') throw fileError(lock, 'written', cause);
    }
    const holder = Number(await readText(lock).catch(() => ''));
    // A lock is empty after a crash of the machine, or while its owner has not written its number yet.
    const isHeld = holder > 0 ? isRunning(holder) : await isNew(lock);
    if (own.has(lock) || isHeld) {
      throw new FileError(
        `${path}: is being ${done} by ${own.has(lock) ? 'this process' : `process ${holder || 'unknown'}`}`,
        {
          where: path,
          fix: `${wait}. If no wgad is running, remove ${lock}`,
        },
      );
    }
    await rm(lock, { force: true }).catch((cause: NodeJS.ErrnoException) => {
      throw fileError(lock, 'written', cause);
    });
  }
}

/** Whether it was made within the last seconds. */
const isNew = (lock: string): Promise<boolean> =>
  stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < 5000,
    () => false,
  );
