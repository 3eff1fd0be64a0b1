import { WeightsError } from '../../../src/errors.ts';
import type { ByteSource } from '../../../src/formats/byteSource.ts';

/** A file of the user's, read in pieces where they are needed. */
export const blobSource = (file: Blob, path: string): ByteSource => ({
  path,
  size: file.size,
  async read(offset, length, into) {
    if (offset + length > file.size) {
      throw new WeightsError(`${path}: ends at byte ${file.size}, expected ${offset + length}`);
    }
    const bytes = new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    if (!into) return bytes;
    into.set(bytes);
    return into.subarray(0, length);
  },
  async close() {},
});
