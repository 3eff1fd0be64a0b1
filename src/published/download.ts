import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FileError } from '../errors.ts';

export interface DownloadOptions {
  /** Published size in bytes, about: for servers that name none, and to stop what is no such file. */
  readonly about: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, of: number) => void;
}

/** What a file may differ from its published, rounded size. */
const SIZE_SLACK = 0.02;
const AGAIN = 'run it again: it goes on from there';

/**
 * Brings `url` into the file `part`, going on where an earlier try ended if the server lets it.
 * @returns false where `signal` stopped it. What has come stays in `part`, also after an error.
 * @throws FileError naming the URL: no answer, another status than 200 and 206, too short, too long.
 */
export async function download(url: string, part: string, options: DownloadOptions): Promise<boolean> {
  // Not appending: on Linux, writes to a file opened so ignore their position.
  const file = await open(part, constants.O_RDWR | constants.O_CREAT, 0o644).catch((cause: Error) => {
    throw new FileError(`${part}: could not be opened: ${cause.message}`, { cause });
  });
  try {
    await receive(url, file, options);
    await file.sync();
    return true;
  } catch (error) {
    if (options.signal?.aborted) return false;
    throw error;
  } finally {
    await file.close();
  }
}

async function receive(url: string, file: FileHandle, options: DownloadOptions): Promise<void> {
  const { about, signal, onProgress } = options;
  const before = (await file.stat()).size;
  let answer = await request(url, before, signal);
  if (answer.status === 416) {
    // Nothing is left to send, or what is here is longer than the file: then from the start.
    await answer.body?.cancel();
    if (rangeOf(answer)?.total === before) return;
    answer = await request(url, 0, signal);
  }
  const start = await startOf(url, answer, before);
  if (start < before) await file.truncate(start);
  const length = answer.headers.get('content-length');
  const total = rangeOf(answer)?.total ?? (length === null ? null : start + Number(length));
  const most = about * (1 + SIZE_SLACK);
  if (!(Number(total) <= most)) tooLong(url, Number(total), about);
  let at = start;
  for await (const chunk of piecesOf(
    url,
    answer,
    () => `after ${at} of ${total ?? `about ${about}`} bytes`,
  )) {
    if (at + chunk.length > most) tooLong(url, at + chunk.length, about);
    await file.write(chunk, 0, chunk.length, at).catch((cause: Error) => {
      throw new FileError(`${url}: could not be saved: ${cause.message}`, { cause });
    });
    at += chunk.length;
    onProgress?.(at, total ?? about);
  }
  if (at < (total ?? about * (1 - SIZE_SLACK))) {
    throw new FileError(`${url}: ended after ${at} of ${total ?? `about ${about}`} bytes`, { fix: AGAIN });
  }
}

function request(url: string, from: number, signal: AbortSignal | undefined): Promise<Response> {
  // Packed answers would have another length than the file.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (from > 0) headers.range = `bytes=${from}-`;
  return fetch(url, { headers, signal }).catch((error: Error) => {
    const { cause } = error;
    const why =
      cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : error.message;
    throw new FileError(`${url}: no answer: ${why}`, {
      fix: 'check the connection, or name a mirror with --from URL',
      cause: error,
    });
  });
}

/** Where the answer's bytes belong. */
async function startOf(url: string, answer: Response, asked: number): Promise<number> {
  if (answer.status === 200) return 0;
  const begin = answer.status === 206 ? rangeOf(answer)?.begin : undefined;
  if (begin === asked) return asked;
  await answer.body?.cancel();
  throw new FileError(
    answer.status === 206
      ? `${url}: sends from byte ${begin ?? 'unknown'}, asked for from byte ${asked}`
      : `${url}: answered ${answer.status} ${answer.statusText}, expected 200`,
    { fix: 'name a mirror that has the file with --from URL' },
  );
}

// `Content-Range: bytes begin-end/total`; with status 416 an asterisk stands for the range.
function rangeOf(answer: Response): { begin: number | null; total: number | null } | null {
  const found = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '');
  if (!found) return null;
  const [, begin, total] = found;
  return {
    begin: begin === undefined ? null : Number(begin),
    total: total === '*' ? null : Number(total),
  };
}

async function* piecesOf(url: string, answer: Response, where: () => string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer.body ?? []) yield chunk;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`${url}: broke off ${where()}`, { fix: AGAIN, cause: error });
  }
}

function tooLong(url: string, bytes: number, about: number): never {
  throw new FileError(`${url}: sends ${bytes} bytes, expected about ${about}: not the published file`, {
    fix: 'name a mirror that has the file with --from URL',
  });
}
