import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import { fileError, isSystemError } from '../formats/fileErrors.ts';
import { foreignFile } from '../formats/foreignFiles.ts';
import type { Address } from './address.ts';
import { ask } from './request.ts';

/** When a download is given up. */
interface Pace {
  /** Without a byte, or without an answer. */
  readonly silenceMs: number;
  /** Bytes a second at least, on average over each window. */
  readonly least: number;
  readonly windowMs: number;
}

/** A modem of 56 kbit/s is faster. */
const USUAL_PACE: Pace = { silenceMs: 30_000, least: 2048, windowMs: 60_000 };

export interface DownloadOptions {
  /** Approximate size in bytes, for servers that send none, and to stop a download of something else. */
  readonly about: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, of: number) => void;
  /** Default `USUAL_PACE`. */
  readonly pace?: Pace;
}

/** How a download ended. */
export interface Downloaded {
  /** It went on where an earlier one had ended. */
  readonly resumed: boolean;
}

/** Bytes at the start that tell a web page or text from a weights file. */
const LEAD = 512;
/** Relative deviation allowed from the published, rounded size. */
const SIZE_SLACK = 0.02;
const AGAIN = 'run it again: it goes on from there';
const MIRROR = 'name a mirror that has the file with --from URL';

/**
 * Brings `url` into the file `part`, going on where an earlier try ended if the server lets it.
 * @returns null where `signal` stopped it. Received bytes stay in `part`, also after an error, unless they are of
 * another file.
 * @throws FileError naming the URL: no answer, another status than 200 and 206, too short, too long, too slow, silent,
 * a page or an error's text instead of the file.
 */
export async function download(
  url: Address,
  part: string,
  options: DownloadOptions,
): Promise<Downloaded | null> {
  // Not appending: on Linux, writes to a file opened so ignore their position.
  const file = await open(part, constants.O_RDWR | constants.O_CREAT, 0o644).catch((cause: Error) => {
    throw ofDisk(part, cause);
  });
  const watch = watchSilence(url, options);
  try {
    const start = await receiveAll(url, file, options, watch);
    await file.sync();
    return { resumed: start > 0 };
  } catch (error) {
    if (options.signal?.aborted) return null;
    throw watch.reason() ?? ofDisk(part, error);
  } finally {
    watch.stop();
    await file.close().catch(() => {});
  }
}

/** Errors of requests are already typed, so a system error here concerns the file. */
const ofDisk = (part: string, error: unknown): unknown =>
  isSystemError(error) ? fileError(part, 'written', error) : error;

interface Watch {
  readonly signal: AbortSignal;
  /** Bytes have come; `at`: how many there are. */
  heard(at: number): void;
  /** Why it ended the download, if it did. */
  reason(): FileError | undefined;
  stop(): void;
}

/** How often silence is looked for within the time that ends a download. */
const LOOKS = 10;

/**
 * Ends a download that is silent, or slower than the floor. Time in which this process did not run does not count (a busy or
 * suspended machine): what came meanwhile is still unread, and timers are called before it is read.
 */
function watchSilence(url: Address, { signal, pace = USUAL_PACE }: DownloadOptions): Watch {
  const own = new AbortController();
  let reason: FileError | undefined;
  let at = 0;
  let window: { since: number; from: number } | undefined;
  const giveUp = (what: string): void => {
    reason ??= new FileError(`${url}: ${what}, ${at} bytes are here`, { fix: AGAIN });
    own.abort();
  };
  const between = pace.silenceMs / LOOKS;
  let looked = performance.now();
  let stood = 0;
  /** Time in which this process ran. */
  const clock = (): number => {
    const now = performance.now();
    stood += Math.max(0, now - looked - between);
    looked = now;
    return now - stood;
  };
  let last = clock();
  const timer = setInterval(() => {
    if (clock() - last >= pace.silenceMs) giveUp(`sent nothing for ${pace.silenceMs / 1000} s`);
  }, between);
  return {
    signal: signal ? AbortSignal.any([signal, own.signal]) : own.signal,
    heard(now) {
      at = now;
      const time = clock();
      last = time;
      window ??= { since: time, from: now };
      const passed = time - window.since;
      if (passed < pace.windowMs) return;
      if ((now - window.from) * 1000 < pace.least * passed) {
        giveUp(`sent less than ${pace.least} bytes a second for ${pace.windowMs / 1000} s`);
      }
      window = { since: time, from: now };
    },
    reason: () => reason,
    stop: () => clearInterval(timer),
  };
}

/** The connection ended before all bytes were here. */
class BrokenOff extends FileError {
  /** Bytes that are missing; null: nobody knows. */
  readonly missing: number | null;

  constructor(message: string, missing: number | null, cause: unknown) {
    super(message, { fix: AGAIN, cause });
    this.missing = missing;
  }
}

/** What may have come with the end of a connection and is lost with it: buffers of the system and of `fetch`. */
const MOST_OF_TAIL = 256 * 2 ** 10;
/** How often such an end is asked for. */
const MOST_TRIES = 3;

/** Asks again for the end of a file where a server sent all of it and hung up at once. @returns where it went on. */
async function receiveAll(
  url: Address,
  file: FileHandle,
  options: DownloadOptions,
  watch: Watch,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await receive(url, file, options, watch);
    } catch (error) {
      const isTail = error instanceof BrokenOff && (error.missing ?? Number.NaN) <= MOST_OF_TAIL;
      if (!isTail || tries === MOST_TRIES || watch.signal.aborted) throw error;
    }
  }
}

/** @returns where it went on. */
async function receive(
  url: Address,
  file: FileHandle,
  { about, onProgress }: DownloadOptions,
  watch: Watch,
): Promise<number> {
  const before = (await file.stat()).size;
  let answer = await ask(url, before, watch.signal);
  if (answer.status === 416) {
    // Nothing is left to send, or what is here is longer than the file: then from the start.
    await answer.body?.cancel();
    if (rangeOf(answer)?.total === before) return before;
    answer = await ask(url, 0, watch.signal);
  } else if (answer.status === 206 && isPacked(answer)) {
    // Part of a compressed file cannot continue the uncompressed one.
    await answer.body?.cancel();
    answer = await ask(url, 0, watch.signal);
  }
  const start = await startOf(url, answer, before);
  if (start < before) await file.truncate(start);
  // The content-length of a compressed answer is that of the compressed data.
  const length = isPacked(answer) ? null : answer.headers.get('content-length');
  const total = rangeOf(answer)?.total ?? (length === null ? null : start + Number(length));
  const [least, most] = [about * (1 - SIZE_SLACK), about * (1 + SIZE_SLACK)];
  const refuse = async (what: string): Promise<never> => {
    await file.truncate(0);
    throw new FileError(`${url}: ${what}: not the published file`, { fix: MIRROR });
  };
  let at = start;
  const pieces = piecesOf(answer, (cause) => {
    if (at === total) return null;
    const message = `${url}: broke off after ${at} of ${total ?? `about ${about}`} bytes`;
    return new BrokenOff(message, total === null ? null : total - at, cause);
  });
  let lead: Uint8Array | null = start === 0 ? new Uint8Array(0) : null;
  const refuseText = async (): Promise<void> => {
    const foreign = lead && lead.length > 0 ? foreignFile(lead, lead.length) : null;
    if (foreign && /HTML|XML|JSON|text|Git LFS/.test(foreign.what)) await refuse(`sends ${foreign.what}`);
    lead = null;
  };
  for await (const chunk of pieces) {
    // The first bytes may come one by one.
    if (lead) lead = Buffer.concat([lead, chunk.subarray(0, LEAD - lead.length)]);
    if (lead?.length === LEAD) await refuseText();
    if (total !== null && !(total >= least && total <= most)) {
      await refuseText();
      await refuse(`sends ${total} bytes, expected about ${about}`);
    }
    if (at + chunk.length > most) await refuse(`sends ${at + chunk.length} bytes, expected about ${about}`);
    // On a disk that is nearly full the system may take less than it is given.
    for (let done = 0; done < chunk.length; ) {
      done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
    }
    at += chunk.length;
    watch.heard(at);
    watch.signal.throwIfAborted();
    onProgress?.(at, total ?? about);
  }
  await refuseText();
  if (at < (total ?? least)) {
    throw new FileError(`${url}: ended after ${at} of ${total ?? `about ${about}`} bytes`, { fix: AGAIN });
  }
  return start;
}

const isPacked = (answer: Response): boolean =>
  !['', 'identity'].includes((answer.headers.get('content-encoding') ?? '').trim().toLowerCase());

/** Where the answer's bytes belong. */
async function startOf(url: Address, answer: Response, asked: number): Promise<number> {
  if (answer.status === 200) return 0;
  const begin = answer.status === 206 ? rangeOf(answer)?.begin : undefined;
  if (begin === asked) return asked;
  await answer.body?.cancel();
  throw new FileError(
    answer.status === 206
      ? `${url}: sends from byte ${begin ?? 'unknown'}, asked for from byte ${asked}`
      : `${url}: answered ${answer.status} ${answer.statusText}, expected 200`,
    { fix: MIRROR },
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

/** @param broken what its breaking off means; null: nothing is missing, so how the connection ends does not matter. */
async function* piecesOf(
  answer: Response,
  broken: (cause: unknown) => FileError | null,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer.body ?? []) yield chunk;
  } catch (cause) {
    const error = cause instanceof FileError ? cause : broken(cause);
    if (error) throw error;
  }
}
