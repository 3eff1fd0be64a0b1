import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileError } from '../errors.ts';

/** Appends bytes or text to the file being written. */
export type Write = (data: string | Uint8Array) => Promise<void>;

/**
 * Writes `path` whole or not at all: into a temporary file in the same folder, flushed to disk, then renamed.
 * A reader sees the old file or the new one, also after a crash.
 * @throws FileError; what was at `path` is then untouched.
 */
export async function atomicFile(path: string, body: (write: Write) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await body(async (data) => void (await file.writeFile(data)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof FileError || !isSystemError(cause)) throw cause;
    throw new FileError(`${path}: could not be written: ${(cause as Error).message}`, { cause });
  }
  await syncFolder(dirname(path));
}

export const writeFileAtomic = (path: string, data: string | Uint8Array): Promise<void> =>
  atomicFile(path, (write) => write(data));

/** Removes what a killed process left behind in `folder`. */
export async function removeStaleTemps(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = /^\..*\.(\d+)\.tmp$/.exec(name)?.[1];
    if (owner && !isRunning(Number(owner))) await rm(join(folder, name), { force: true });
  }
}

/** Whether another process has this id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

/** Makes the rename itself durable; some systems cannot open folders, and then it is best effort. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
