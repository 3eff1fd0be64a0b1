import { rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigError, FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { fileError, isSystemError } from '../formats/fileErrors.ts';
import { whileLocked } from '../formats/fileLock.ts';
import { makeFolder, requireWritable } from '../formats/regularFile.ts';
import { sha256Of } from '../formats/sha256.ts';
import { Address, withoutSecrets } from './address.ts';
import { type DownloadOptions, download } from './download.ts';
import { checksumIn, type Published } from './table.ts';

const FETCHED = { done: 'fetched', wait: 'wait until it is done; what it fetched is then used' };

export interface FetchOptions extends Omit<DownloadOptions, 'about'> {
  /** Where fetched files are kept; made if it is missing. */
  readonly folder: string;
  /** Base URL of a mirror: the file's name is appended. Default: its authors' own. */
  readonly from?: string;
  /** Take what is in the folder, never the network. Default false. */
  readonly offline?: boolean;
  /** Told of other events, such as a damaged file that was replaced. */
  readonly say?: (text: string) => void;
}

export interface Fetched {
  readonly path: string;
  /** SHA-256 of the whole file; also in `<file>.sha256` beside it, as sha256sum writes it. */
  readonly sha256: string;
  readonly bytes: number;
  /** It had been fetched before. */
  readonly known: boolean;
  /** In words: which part of the checksum agrees with the publisher's. */
  readonly checked: string;
}

/**
 * A published file, from the folder or from its URL, its checksum compared with the one in its name.
 * @returns null where `signal` stopped it; the next call goes on from there.
 * @throws FileError: see `download`; fetched by another process just now; offline and not there; another checksum, and then the file is deleted.
 */
export async function fetchPublished(published: Published, options: FetchOptions): Promise<Fetched | null> {
  const { folder, offline = false } = options;
  const path = join(folder, published.file);
  const url = Address.of(baseOf(published, options.from), published.file);
  if (await sizeOf(path)) {
    const sha256 = await sha256Of(path);
    if (matches(published, sha256)) {
      return { path, sha256, bytes: await sizeOf(path), known: true, checked: checkedOf(published) };
    }
    await rm(path, { force: true });
    options.say?.(`${path}: ${otherThan(published, sha256)}: deleted`);
  }
  if (offline) {
    throw new FileError(`${path}: is not there, and --offline forbids to fetch it`, {
      fix: `wgad weights fetch ${published.name}, or put ${url} there by other means`,
    });
  }
  await makeFolder(folder);
  await requireWritable(path);
  return whileLocked(path, FETCHED, () => bring(published, url, path, options));
}

async function bring(
  published: Published,
  url: Address,
  path: string,
  options: FetchOptions,
): Promise<Fetched | null> {
  const part = `${path}.part`;
  const about = Math.round(published.mebibytes * 2 ** 20);
  const found = await download(url, part, { ...options, about });
  if (!found) return null;
  let sha256 = await sha256Of(part);
  if (!matches(published, sha256) && found.resumed) {
    // The published file may have changed since the first part was fetched.
    await rm(part, { force: true });
    options.say?.(`${url}: ${otherThan(published, sha256)}: fetched once more from its beginning`);
    if (!(await download(url, part, { ...options, about }))) return null;
    sha256 = await sha256Of(part);
  }
  if (!matches(published, sha256)) {
    await rm(part, { force: true });
    throw new FileError(`${url}: ${otherThan(published, sha256)}: deleted`, {
      fix: 'run it again, or name another mirror with --from URL',
    });
  }
  // First: once the file is there, nothing is done again.
  await writeFileAtomic(`${path}.sha256`, `${sha256}  ${basename(path)}\n`);
  await rename(part, path).catch((cause: unknown) => {
    throw isSystemError(cause) ? fileError(path, 'written', cause) : cause;
  });
  return { path, sha256, bytes: await sizeOf(path), known: false, checked: checkedOf(published) };
}

function baseOf(published: Published, from: string | undefined): string {
  if (from === undefined) return published.base;
  if (!/^https?:$/.test(URL.canParse(from) ? new URL(from).protocol : '')) {
    throw new ConfigError(`--from expects an http or https URL, got ${withoutSecrets(from)}`);
  }
  return from;
}

/** The whole checksum where its publisher gives it, else the digits in the file's name. */
const expected = ({ file, sha256 }: Published): string => sha256 ?? checksumIn(file);

const matches = (published: Published, sha256: string): boolean => sha256.startsWith(expected(published));

const checkedOf = (published: Published): string =>
  published.sha256 === undefined
    ? `its size and the first 8 of 64 digits are as published (${expected(published)}); its publisher gives no more`
    : 'all 64 digits are as published';

function otherThan(published: Published, sha256: string): string {
  const wanted = expected(published);
  const begins = wanted.length < sha256.length ? 'begins with' : 'is';
  return `its SHA-256 ${begins} ${sha256.slice(0, wanted.length)}, expected ${wanted}`;
}

/** Bytes; 0 where there is no such file. */
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
