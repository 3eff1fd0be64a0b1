import { createHash } from 'node:crypto';
import { openRegular } from './regularFile.ts';

/** The SHA-256 of a file, 64 hex digits; read in pieces. @throws FileError where it cannot be read or is no file. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegular(path);
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
