import { rmSync } from 'node:fs';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../formats/atomicFile.ts';
import { makeFolder } from '../formats/regularFile.ts';

/** A folder that is filled beside its goal, and takes its place when it is whole. */
export interface Draft {
  readonly path: string;
  /** Puts it where it belongs; what is there must be empty. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** Begins a folder that is to become `goal`, and removes what killed processes left of such. */
export async function beginDraft(goal: string): Promise<Draft> {
  await removeStaleDrafts(goal);
  const path = `${goal}.${process.pid}.tmp`;
  await makeFolder(path);
  // An exit, as the second Ctrl-C makes, waits for no promise, and files under way may still come into the folder.
  const removeNow = (): void => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 10 });
    } catch {
      // The next start in this place removes it.
    }
  };
  process.once('exit', removeNow);
  return {
    path,
    async finish() {
      await rmdir(goal).catch(() => undefined);
      await rename(path, goal);
      process.off('exit', removeNow);
    },
    async discard() {
      // What made it be discarded is what is told.
      await rm(path, { recursive: true, force: true }).catch(() => {});
      process.off('exit', removeNow);
    },
  };
}

async function removeStaleDrafts(goal: string): Promise<void> {
  const start = `${basename(goal)}.`;
  for (const name of await readdir(dirname(goal)).catch(() => [])) {
    const owner = name.startsWith(start) && /^(\d+)\.tmp$/.exec(name.slice(start.length))?.[1];
    if (owner && !isRunning(Number(owner))) {
      await rm(join(dirname(goal), name), { recursive: true, force: true });
    }
  }
}
