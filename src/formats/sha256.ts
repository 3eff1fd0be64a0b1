import { createHash } from 'node:crypto';
import type { ByteSource } from './byteSource.ts';
import { openRegular } from './regularFile.ts';

/** The SHA-256 of a file, 64 hex digits; read in pieces. @throws FileError where it cannot be read or is no file. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegular(path);
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Bytes read at once. */
const PIECE = 2 ** 20;

/** The same of a file that is open already. @throws WeightsError where it became shorter. */
export async function sha256In(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(Math.min(PIECE, source.size));
  for (let at = 0; at < source.size; at += PIECE) {
    hash.update(await source.read(at, Math.min(PIECE, source.size - at), piece));
  }
  return hash.digest('hex');
}
