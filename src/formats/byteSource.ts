import { WeightsError } from '../errors.ts';
import type { Bytes } from './bytes.ts';
import { openRegular } from './regularFile.ts';

/** A file open for reading at any place. */
export interface ByteSource {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`, in the front of `into` or in memory of their own.
   * @throws WeightsError where the file ends before.
   */
  read(offset: number, length: number, into?: Bytes): Promise<Bytes>;
  close(): Promise<void>;
}

/** @throws FileError where it cannot be opened or is no file. */
export async function openBytes(path: string): Promise<ByteSource> {
  const file = await openRegular(path);
  const { size } = await file.stat();
  return {
    path,
    size,
    async read(offset, length, into) {
      // Before anything is allocated: a hostile file asks for more than it has.
      if (offset + length > size) {
        throw new WeightsError(`${path}: ends at byte ${size}, expected ${offset + length}`);
      }
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new WeightsError(`${path}: became shorter while it was read`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}
