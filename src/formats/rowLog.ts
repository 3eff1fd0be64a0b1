import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileError, isSystemError } from './fileErrors.ts';
import { isThere, openRegular, writablePlace } from './regularFile.ts';

/** A file of lines that is only ever appended to. */
export interface RowLog {
  /** Appends whole lines, on disk once it settles; on failure none of them. @throws FileError naming the file. */
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens it, or makes it. A last line without end, as a killed process leaves one, is taken away.
 * @param onRow told of each line that is there.
 */
export async function openRowLog(path: string, onRow: (line: string) => void): Promise<RowLog> {
  const place = await writablePlace(path);
  const whole = (await isThere(place)) ? await wholeLines(place, onRow) : 0;
  const onDisk = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
    });
  const file = await onDisk(open(place, constants.O_CREAT | constants.O_RDWR));
  await onDisk(file.truncate(whole));
  let at = whole;
  return {
    async append(lines) {
      if (lines.length === 0) return;
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      try {
        // A disk that is nearly full takes a part, and says so at the next piece.
        for (let done = 0; done < bytes.length; ) {
          const left = bytes.length - done;
          done += (await onDisk(file.write(bytes, done, left, at + done))).bytesWritten;
        }
        await onDisk(file.datasync());
      } catch (error) {
        // Its readers see whole rows only; what went wrong first is what is said.
        await file.truncate(at).catch(() => {});
        throw error;
      }
      at += bytes.length;
    },
    close: () => file.close(),
  };
}

/** @returns bytes up to the end of the last whole line. */
async function wholeLines(path: string, onRow: (line: string) => void): Promise<number> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const ends = size === 0 || last[0] === 0x0a;
    let [whole, before] = [0, ''];
    const input = file.createReadStream({ start: 0, autoClose: false, encoding: 'utf8' });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (before !== '') onRow(before);
      whole += before === '' ? 0 : Buffer.byteLength(before) + 1;
      before = line;
    }
    if (!ends) return whole;
    if (before !== '') onRow(before);
    return size;
  } finally {
    await file.close().catch(() => {});
  }
}
