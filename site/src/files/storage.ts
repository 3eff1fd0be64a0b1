/** Files in the browser's own storage (OPFS), which belongs to this page's origin and outlives its tabs. */
import { FileError } from '../../../src/errors.ts';

export type Folder = FileSystemDirectoryHandle;

/** A folder of that storage, made if it is not there. */
export async function folderAt(...path: readonly string[]): Promise<Folder> {
  let folder = await navigator.storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

/** Null where there is no such file. */
export async function fileIn(folder: Folder, name: string): Promise<File | null> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}

/** Adds bytes to the file being written. */
export type Write = (data: string | Uint8Array | Blob) => Promise<void>;

/**
 * Writes a file whole or not at all: what is written lies aside, and takes the file's place when the stream is closed.
 * @throws FileError where there is no room.
 */
export async function writeIn(
  folder: Folder,
  name: string,
  body: (write: Write) => Promise<void>,
): Promise<void> {
  let stream: FileSystemWritableFileStream | undefined;
  try {
    const open = await (await folder.getFileHandle(name, { create: true })).createWritable();
    stream = open;
    await body((data) => open.write(data as FileSystemWriteChunkType));
    await open.close();
  } catch (cause) {
    await stream?.abort().catch(() => {});
    const said = await fileIn(folder, name).catch(() => null);
    // The name is there before its content is.
    if (said?.size === 0) await removeIn(folder, name);
    if (!(cause instanceof DOMException)) throw cause;
    const full = cause.name === 'QuotaExceededError';
    throw new FileError(
      `${folder.name}/${name}: cannot be written: ${full ? 'the browser gives this page no more room' : cause.message}`,
      {
        fix: full
          ? 'remove trainings that are no longer needed, or make room on the disk'
          : 'leave private mode, where browsers keep nothing',
        cause,
      },
    );
  }
}

/** Does nothing where it is not there. */
export async function removeIn(folder: Folder, name: string): Promise<void> {
  await folder.removeEntry(name, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  });
}

/** The value of a JSON file; null where it is not there. */
export async function jsonIn<T>(folder: Folder, name: string): Promise<T | null> {
  const file = await fileIn(folder, name);
  return file && (JSON.parse(await file.text()) as T);
}

export const writeJson = (folder: Folder, name: string, value: unknown): Promise<void> =>
  writeIn(folder, name, (write) => write(`${JSON.stringify(value, null, 2)}\n`));
