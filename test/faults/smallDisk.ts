import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file system in memory whose room can be changed while it is in use. */
export interface SmallDisk {
  path(...parts: string[]): string;
  /** Bytes and files in use. */
  used(): Promise<{ readonly bytes: number; readonly files: number }>;
  /** As it begins: writable, with more room than any try needs. */
  makeRoom(): Promise<void>;
  /** Leaves room for so many more bytes, in whole pages. */
  leaveBytes(more: number): Promise<void>;
  /** Leaves room for so many more files and folders. */
  leaveFiles(more: number): Promise<void>;
  makeReadOnly(): Promise<void>;
}

const ROOMY = 'rw,size=512m,nr_inodes=100000';
const run = promisify(execFile);

/** Why no such disk can be had here, or null. */
export async function noSmallDisk(): Promise<string | null> {
  try {
    await withSmallDisk(async () => {});
    return null;
  } catch (error) {
    return `no file system can be mounted: ${(error as Error).message.trim()}`;
  }
}

/** Mounts one for as long as `body` runs. @throws Error where the system does not let this user mount. */
export async function withSmallDisk<T>(body: (disk: SmallDisk) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'wgad-disk-'));
  const remount = async (options: string): Promise<void> =>
    void (await run('mount', ['-o', `remount,${options}`, root]));
  const used = async () => {
    const { bsize, blocks, bfree, files, ffree } = await statfs(root);
    return { bytes: bsize * (blocks - bfree), files: files - ffree };
  };
  try {
    await run('mount', ['-t', 'tmpfs', '-o', ROOMY, 'wgad-disk', root]);
    try {
      // A size of 0 would be one without a limit.
      await writeFile(join(root, 'of-others.txt'), 'not of wgad\n');
      return await body({
        path: (...parts) => join(root, ...parts),
        used,
        makeRoom: () => remount(ROOMY),
        leaveBytes: async (more) => remount(`size=${(await used()).bytes + more}`),
        leaveFiles: async (more) => remount(`nr_inodes=${(await used()).files + more}`),
        makeReadOnly: () => remount('ro'),
      });
    } finally {
      await run('umount', ['-l', root]);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
