import { dirname } from 'node:path';
import { FileError } from '../errors.ts';

/** Meaning of the system's error codes for the user who named the path, and the fix. */
const MEANINGS: Readonly<Record<string, readonly [says: string, fix: string]>> = {
  EACCES: ['permission is denied', 'change its permissions, or name another path'],
  EPERM: ['the system does not permit it', 'change its permissions, or name another path'],
  EROFS: ['the file system is read-only', 'name a path on another one'],
  ENOSPC: ['no space is left on the file system', 'make room there, or name a path on another one'],
  EDQUOT: ['the quota of disk space is used up', 'make room there, or name a path on another file system'],
  EISDIR: ['is a folder, expected a file', 'name a file'],
  ENOTDIR: ['a part of the path is a file, expected a folder', 'name a path through folders only'],
  EEXIST: ['a file lies there, expected a folder or nothing', 'name another path'],
  ELOOP: ['its links lead in a circle', 'name the file itself'],
  ENAMETOOLONG: ['the name is too long', 'name a shorter path'],
  ENXIO: ['is a socket or a device, expected a file', 'name a file'],
  EMFILE: ['too many files are open', 'raise the limit of open files (ulimit -n)'],
};

/** Whether the operating system refused something that concerns a file. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error;

/**
 * The system's error in terms of the path that was asked for. @param done what could not be done with it: read, written.
 * @param fix in place of the usual advice.
 */
export function fileError(
  path: string,
  done: 'read' | 'written' | 'made a folder',
  cause: NodeJS.ErrnoException,
  fix?: string,
): FileError {
  const [says, usual] = meaningOf(path, done, cause);
  return new FileError(`${path}: cannot be ${done}: ${says}`, { where: path, fix: fix ?? usual, cause });
}

function meaningOf(
  path: string,
  done: string,
  { code = '', message }: NodeJS.ErrnoException,
): readonly [string, string | undefined] {
  if (code !== 'ENOENT') return MEANINGS[code] ?? [message, undefined];
  if (done === 'read') return ['there is no such file', 'name one that exists'];
  const folder = dirname(path);
  return [
    `the folder ${folder} is not there, or nothing can be made in it`,
    'make the folder, or name a path in another',
  ];
}
