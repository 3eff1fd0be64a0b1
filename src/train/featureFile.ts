/** Features of all training images in a file. */
import { constants } from 'node:fs';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../errors.ts';
import { fileError, isSystemError } from '../formats/fileErrors.ts';
import type { FeatureStore, Taps, Widths } from './featureStore.ts';

/** Named as unfinished files are, so that the next start in this folder removes what a killed process left. */
export const featureFile = (folder: string): string => join(folder, `.features.${process.pid}.tmp`);

/** The same for what the heads learn from. */
export const targetFile = (folder: string): string => join(folder, `.targets.${process.pid}.tmp`);

/** The file operations that a store needs. */
export type FeatureFile = Pick<FileHandle, 'readv' | 'writev' | 'close'>;

const openFile = (path: string): Promise<FeatureFile> =>
  open(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);

/**
 * A file of one record an image, its taps one after another. Nothing outlives `close`.
 * @throws FileError where the file cannot be made, or where its file system has less room than `images` need.
 */
export async function fileStore(
  path: string,
  widths: Widths,
  images: number,
  opened: (path: string) => Promise<FeatureFile> = openFile,
): Promise<FeatureStore> {
  const record = 4 * widths.reduce((sum, width) => sum + width, 0);
  const failed = (cause: Error): never => {
    throw isSystemError(cause)
      ? fileError(path, 'written', cause)
      : new FileError(`${path}: ${cause.message}`, { where: path, cause });
  };
  const { bavail, bsize } = await statfs(dirname(path)).catch(failed);
  if (bavail * bsize < record * images) {
    throw new FileError(
      `${path}: needs ${mebibytes(record * images)}, its file system has ${mebibytes(bavail * bsize)} left`,
    );
  }
  const file = await opened(path).catch(failed);
  const partsOf = (taps: Taps, at: number): Uint8Array<ArrayBuffer>[] =>
    taps.map((values, tap) => {
      const width = widths[tap]!;
      return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset + 4 * at * width, 4 * width);
    });
  return {
    async put(first, taps) {
      const count = taps[0]!.length / widths[0]!;
      for (let at = 0; at < count; at++) {
        const position = (first + at) * record;
        await whole(
          partsOf(taps, at),
          position,
          async (parts, from) => (await file.writev(parts, from)).bytesWritten,
        ).catch(failed);
      }
    },
    async take(indices) {
      const batch = widths.map((width) => new Float32Array(indices.length * width));
      await Promise.all(
        indices.map((image, at) =>
          whole(
            partsOf(batch, at),
            image * record,
            async (parts, from) => (await file.readv(parts, from)).bytesRead,
          ),
        ),
      ).catch(failed);
      return batch;
    },
    async close() {
      await file.close().catch(() => {});
      await rm(path, { force: true }).catch(() => {});
    },
  };
}

/** Repeats `move` until all bytes are transferred: one call may transfer fewer than asked. */
async function whole(
  parts: readonly Uint8Array<ArrayBuffer>[],
  position: number,
  move: (parts: Uint8Array<ArrayBuffer>[], position: number) => Promise<number>,
): Promise<void> {
  let [left, from] = [[...parts], position];
  while (left.length > 0) {
    let moved = await move(left, from);
    if (moved === 0) throw new Error('became shorter while it was in use');
    from += moved;
    while (left.length > 0 && moved >= left[0]!.length) moved -= left.shift()!.length;
    if (moved > 0) left[0] = left[0]!.subarray(moved);
  }
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
