import { OutOfMemoryError } from './errors.ts';
import { kibibytes, type ReadSystemFile, readSystemFile } from './systemFile.ts';

/** Bytes of address space that this process has left, where it is limited (`ulimit -v`); undefined: it is not, or not known. */
export function addressRoom(read: ReadSystemFile = readSystemFile): number | undefined {
  const limit = /^Max address space +(\d+)/m.exec(read('/proc/self/limits') ?? '');
  const used = kibibytes(read('/proc/self/status'), 'VmSize');
  return limit && used !== undefined ? Number(limit[1]) - used : undefined;
}

/** A software adapter takes 790 MiB with its device, a thread that decodes 770 where it was tried; with 100 less the process ended. */
const NEEDED = 800 * 2 ** 20;

/**
 * Why `what` cannot be begun, where a thread or a driver that gets no address space would end the process; null: it can.
 * @param what such as `opening a device`.
 */
export function addressShortage(what: string, read?: ReadSystemFile): OutOfMemoryError | null {
  const room = addressRoom(read);
  if (room === undefined || room >= NEEDED) return null;
  const [needed, left] = [NEEDED, Math.max(0, room)].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
  return new OutOfMemoryError(
    `${what}: takes ${needed} of address space, this process has ${left} left`,
    { asked: NEEDED, available: Math.max(0, room) },
    { fix: 'raise the limit (ulimit -v), or take it away: ulimit -v unlimited' },
  );
}
