import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileError } from '../errors.ts';
import { fileError, isSystemError } from './fileErrors.ts';
import { decodeText } from './text.ts';

/**
 * Opens a file for reading. Pipes, sockets, devices and folders are refused by what they are: reading them would wait
 * for whoever writes, or never end. @param fix what to do where it is missing. @throws FileError naming the path.
 */
export async function openRegular(path: string, fix?: string): Promise<FileHandle> {
  // Without waiting: opening a pipe that nobody writes to would not return.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: Error) => {
    throw isSystemError(cause) ? fileError(path, 'read', cause, fix) : cause;
  });
  const info = await file.stat();
  if (info.isFile()) return file;
  await file.close().catch(() => {});
  throw notRegular(path, info);
}

/** All of a file. @throws FileError as `openRegular`. */
export async function readRegular(path: string, fix?: string): Promise<Buffer> {
  const file = await openRegular(path, fix);
  try {
    return await file.readFile();
  } catch (cause) {
    throw isSystemError(cause) ? fileError(path, 'read', cause) : cause;
  } finally {
    await file.close().catch(() => {});
  }
}

/** Its text. @throws FileError as `openRegular`. */
export const readText = async (path: string, fix?: string): Promise<string> =>
  decodeText(await readRegular(path, fix));

/** Whether anything lies at `path`. @throws FileError where that cannot be known: permission, a circle of links. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw isSystemError(cause) ? fileError(path, 'read', cause) : cause;
  }
}

/** Makes a folder and those above it; one that is there stays. @throws FileError naming it. */
export async function makeFolder(path: string, fix?: string): Promise<void> {
  await makeWithParents(resolve(path)).catch(async (cause: NodeJS.ErrnoException) => {
    // `mkdir` does not follow links: what is wrong with one shows where it is followed.
    const link = await brokenLink(path);
    if (link) throw ofLink(path, 'made a folder', link);
    throw isSystemError(cause) ? fileError(path, 'made a folder', cause, fix) : cause;
  });
}

/**
 * One after the other: Node's own (`recursive`) asks for ever where the system says that a parent is missing which is there,
 * as Linux does in /proc.
 */
async function makeWithParents(path: string): Promise<void> {
  await mkdir(path).catch(async (cause: NodeJS.ErrnoException) => {
    const above = dirname(path);
    if (cause.code === 'ENOENT' && !(await isFolder(above))) {
      await makeWithParents(above);
      // Another process may have made it first.
      return makeWithParents(path);
    }
    if (!(await isFolder(path))) throw cause;
  });
}

/**
 * Where to create the folder `path`: at the target if it is a link.
 * @throws FileError where the link leads nowhere, something other than a folder is there, or nothing can be created
 * there.
 */
export async function folderPlace(path: string): Promise<string> {
  const refuse = (cause: NodeJS.ErrnoException): never => {
    throw isSystemError(cause) ? fileError(path, 'made a folder', cause) : cause;
  };
  const place = await realpath(path).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') return refuse(cause);
    const link = await brokenLink(path);
    if (link) throw ofLink(path, 'made a folder', link);
    return path;
  });
  // Of a path that is too long, `realpath` says only that its first unknown name is not there.
  const info = await stat(place).catch((cause: NodeJS.ErrnoException) =>
    cause.code === 'ENOENT' ? null : refuse(cause),
  );
  if (info && !info.isDirectory()) {
    throw new FileError(`${path}: cannot be made a folder: a file lies there, expected a folder or nothing`, {
      where: path,
      fix: 'name another path',
    });
  }
  await tryWriting(await nearestFolder(resolve(place))).catch(refuse);
  return place;
}

/** The folder itself, or the closest existing one above it. */
async function nearestFolder(path: string): Promise<string> {
  const above = dirname(path);
  return above === path || (await isFolder(path)) ? path : nearestFolder(above);
}

/** Files of this process that only try whether one can be made. */
let tried = 0;

/** Makes a file in `folder` and takes it away: permissions do not tell all that forbids it. Named as unfinished files are. */
async function tryWriting(folder: string): Promise<void> {
  const path = join(folder, `.try.${++tried}.${process.pid}.tmp`);
  const file = await open(path, 'wx');
  await file.close();
  await unlink(path);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );

interface BrokenLink {
  readonly path: string;
  /** What following it says. */
  readonly cause: NodeJS.ErrnoException;
}

/** The link at `path` or on the way to it that leads nowhere, or in a circle. */
async function brokenLink(path: string): Promise<BrokenLink | null> {
  const cause = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!('code' in cause)) return null;
  const isLink = await lstat(path).then(
    (info) => info.isSymbolicLink(),
    () => false,
  );
  const above = dirname(path);
  if (isLink) return { path, cause };
  return above === path ? null : brokenLink(above);
}

/**
 * Checks before the work that a file can be written after it. Does not check free space.
 * @throws FileError where `path` is no place for a file, or its folder is not there or not writable.
 */
export async function requireWritable(path: string): Promise<void> {
  const place = await writablePlace(path);
  await tryWriting(dirname(place)).catch((cause: Error) => {
    throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
  });
}

/**
 * Where to write the file `path`: at the target if it is a link.
 * @throws FileError where something other than a file is there, or the link leads nowhere.
 */
export async function writablePlace(path: string): Promise<string> {
  const info = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    // Other faults show when the file is written.
    if (cause.code === 'ENOENT') return undefined;
    throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
  });
  const link = info && !info.isSymbolicLink() ? null : await brokenLink(path);
  if (link) throw ofLink(path, 'written', link);
  if (!info?.isSymbolicLink()) {
    if (info && !info.isFile()) throw notRegular(path, info);
    return path;
  }
  const place = await realpath(path).catch((cause: Error) => {
    throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
  });
  const target = await stat(place);
  if (!target.isFile()) throw notRegular(path, target);
  return place;
}

function ofLink(
  path: string,
  done: 'written' | 'made a folder',
  { path: link, cause }: BrokenLink,
): FileError {
  if (cause.code !== 'ENOENT') return fileError(path, done, cause);
  const which = link === path ? 'it' : link;
  return new FileError(`${path}: cannot be ${done}: ${which} is a link that leads nowhere`, {
    where: path,
    fix: 'remove the link, or name another path',
    cause,
  });
}

function notRegular(path: string, info: Stats): FileError {
  const kind = info.isDirectory()
    ? 'a folder'
    : info.isFIFO()
      ? 'a pipe'
      : info.isSocket()
        ? 'a socket'
        : 'a device';
  return new FileError(`${path}: is ${kind}, expected a file`, { where: path, fix: 'name a file' });
}
