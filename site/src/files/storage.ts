/** Files in the browser's own storage (OPFS), which belongs to this page's origin and outlives its tabs. */
import { FileError } from '../../../src/errors.ts';

export type Folder = FileSystemDirectoryHandle;

/** A folder of that storage, made if it is not there. @throws FileError where it cannot be. */
export async function folderAt(...path: readonly string[]): Promise<Folder> {
  try {
    return await openFolder(path, true);
  } catch (cause) {
    throw storageError(cause, `${path.join('/')}: cannot be opened`);
  }
}

/** Null where there is no such folder. */
export const knownFolderAt = (...path: readonly string[]): Promise<Folder | null> =>
  ifThere(openFolder(path, false));

async function openFolder(path: readonly string[], create: boolean): Promise<Folder> {
  let folder = await navigator.storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

/** Null in place of what is not there. */
async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}

/** Null where there is no such file, or an empty one: a name is there before its content is, and stays where writing failed. */
export async function fileIn(folder: Folder, name: string): Promise<File | null> {
  const handle = await ifThere(folder.getFileHandle(name));
  const file = handle && (await ifThere(handle.getFile()));
  return file?.size ? file : null;
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
    throw storageError(cause, `${folder.name}/${name}: cannot be written`);
  }
}

/** What the browser says of its storage as an error of wgad; others as they are. @param what failed. */
function storageError(cause: unknown, what: string): unknown {
  if (!(cause instanceof DOMException)) return cause;
  const full = cause.name === 'QuotaExceededError';
  return new FileError(`${what}: ${full ? 'the browser gives this page no more room' : cause.message}`, {
    fix: full
      ? 'remove trainings that are no longer needed, or make room on the disk'
      : 'leave private mode, where browsers keep nothing',
    cause,
  });
}

/** Does nothing where it is not there. */
export async function removeIn(folder: Folder, name: string): Promise<void> {
  await ifThere(folder.removeEntry(name, { recursive: true }));
}

/** The value of a JSON file; null where it is not there. */
export async function jsonIn<T>(folder: Folder, name: string): Promise<T | null> {
  const file = await fileIn(folder, name);
  return file && (JSON.parse(await file.text()) as T);
}

export const writeJson = (folder: Folder, name: string, value: unknown): Promise<void> =>
  writeIn(folder, name, (write) => write(`${JSON.stringify(value, null, 2)}\n`));
