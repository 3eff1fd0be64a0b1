/** A file whose content is told from others. */
export interface ContentFile {
  /** Bytes. */
  readonly size: number;
  /** At most `length` bytes from `start`: fewer at its end. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Bytes read at the start, middle and end of a large file: enough to tell files apart. */
const PIECE = 2 ** 16;

/** SHA-256 of a file's size and bytes, of one above 192 KiB the first, middle and last 64 KiB; 64 hex digits. */
export async function contentChecksum({ size, read }: ContentFile): Promise<string> {
  const starts =
    size <= 3 * PIECE ? [0, PIECE, 2 * PIECE] : [0, Math.floor((size - PIECE) / 2), size - PIECE];
  const pieces = [new TextEncoder().encode(`${size}\n`)];
  for (const start of starts) pieces.push(Uint8Array.from(await read(start, PIECE)));
  return sha256Hex(pieces);
}

/** SHA-256 of named contents in their order: what `dataSha256` of a run's configuration is. */
export const namedChecksum = (
  files: readonly { readonly name: string; readonly content: string }[],
): Promise<string> =>
  sha256Hex(files.map(({ name, content }) => new TextEncoder().encode(`${name}\0${content}\n`)));

/** SHA-256 of bytes one after another, 64 hex digits; where there is no Node too. */
export async function sha256Hex(pieces: readonly Uint8Array[]): Promise<string> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', all);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
