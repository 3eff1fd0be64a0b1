import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatasetError, FileError } from '../errors.ts';
import { fileError, isSystemError } from '../formats/fileErrors.ts';
import { folderPlace, makeFolder } from '../formats/regularFile.ts';
import { beginDraft, type Draft } from './draft.ts';

/** How a folder is filled. */
export interface Filling<Job> {
  /** Must be new or empty. */
  readonly out: string;
  /** Who fills it, for messages. */
  readonly who: string;
  readonly jobs: readonly Job[];
  /** Folders to make below it, before any job. */
  readonly folders: Iterable<string>;
  /** Several are under way at once. */
  write(root: string, job: Job): Promise<void>;
  /** After all jobs, the last that is written. */
  readonly end?: ((root: string) => Promise<void>) | undefined;
  /** Told of each job that is done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends the work and removes what was written: what aborted it is thrown. */
  readonly signal?: { readonly aborted: boolean; throwIfAborted(): void } | undefined;
}

/** Enough encodings in flight to keep sharp's threads busy while the next image is made. */
const IN_FLIGHT = 8;

/**
 * Fills a folder by jobs. It is filled beside `out` and renamed, so it appears whole or not at all.
 * @returns its absolute path. @throws what aborted the signal, FileError where `out` is in use or not writable, and any
 * DatasetError of a job.
 */
export async function fillFolder<Job>(filling: Filling<Job>): Promise<string> {
  const { who, signal } = filling;
  const out = resolve(filling.out);
  const place = await folderPlace(out);
  await refuseUsed(who, out);
  let draft: Draft | undefined;
  try {
    draft = await beginDraft(place);
    for (const folder of filling.folders) await makeFolder(join(draft.path, folder));
    await writeAll(filling, draft.path);
    await filling.end?.(draft.path);
    await draft.finish();
  } catch (cause) {
    await draft?.discard();
    signal?.throwIfAborted();
    if (cause instanceof DatasetError) throw cause;
    if (isSystemError(cause)) throw fileError(out, 'written', cause);
    throw new FileError(`${who}: cannot write ${out}: ${(cause as Error).message}`, { where: out, cause });
  }
  return out;
}

async function writeAll<Job>({ jobs, write, onProgress, signal }: Filling<Job>, root: string): Promise<void> {
  const writing = new Set<Promise<void>>();
  let done = 0;
  for (const job of jobs) {
    if (signal?.aborted) break;
    const task = write(root, job).then(() => {
      writing.delete(task);
      onProgress?.(++done, jobs.length);
    });
    // Promise.race and all below see the rejection; this keeps it from being reported before they do.
    task.catch(() => undefined);
    writing.add(task);
    if (writing.size >= IN_FLIGHT) await Promise.race(writing);
  }
  await Promise.all(writing);
  signal?.throwIfAborted();
}

async function refuseUsed(who: string, out: string): Promise<void> {
  const entries = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw isSystemError(error) ? fileError(out, 'made a folder', error) : error;
  });
  if (entries.length > 0) {
    throw new FileError(`${who}: ${out} is not empty (${entries.length} entries); nothing was written`, {
      where: out,
      fix: 'Name a new or empty folder.',
    });
  }
}
