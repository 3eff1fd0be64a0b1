import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, isSystemError } from './fileErrors.ts';
import { writablePlace } from './regularFile.ts';

/** Appends bytes or text to the file being written. */
export type Write = (data: string | Uint8Array) => Promise<void>;

/** Temporary files of this process: two that are written at once must not share one. */
let made = 0;
/**
 * Characters of the file's name kept in its temporary name, because the name may already have the longest allowed
 * length.
 */
const NAME_SHOWN = 20;

/**
 * Writes `path` whole or not at all: into a temporary file in the same folder, flushed to disk, then renamed.
 * A reader sees the old file or the new one, also after a crash.
 * @throws FileError naming `path`; what was there is then untouched.
 */
export async function atomicFile(path: string, body: (write: Write) => Promise<void>): Promise<void> {
  const place = await writablePlace(path);
  const name = [...basename(place)].slice(0, NAME_SHOWN).join('');
  const temporary = join(dirname(place), `.${name}.${++made}.${process.pid}.tmp`);
  // A failure of `body` that is not the disk's has nothing to do with this path.
  const onDisk = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
    });
  try {
    const file = await onDisk(open(temporary, 'w'));
    try {
      await body(async (data) => onDisk(file.writeFile(data)));
      await onDisk(file.sync());
    } catch (error) {
      // The first error is the one reported.
      await file.close().catch(() => {});
      throw error;
    }
    await onDisk(file.close());
    await onDisk(rename(temporary, place));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(place));
}

export const writeFileAtomic = (path: string, data: string | Uint8Array): Promise<void> =>
  atomicFile(path, (write) => write(data));

/** Removes what a killed process left behind in `folder`. */
export async function removeStaleTemps(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = /^\..*\.(\d+)\.tmp$/.exec(name)?.[1];
    if (!owner || isRunning(Number(owner))) continue;
    await rm(join(folder, name), { force: true }).catch((cause: Error) => {
      throw isSystemError(cause) ? fileError(join(folder, name), 'written', cause) : cause;
    });
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

/** Makes the rename itself durable; some systems cannot open folders, and then it is best effort. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
