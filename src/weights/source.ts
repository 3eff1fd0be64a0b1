import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError, FileError } from '../errors.ts';
import { isThere } from '../formats/regularFile.ts';
import { sha256Of } from '../formats/sha256.ts';
import { EMBEDDED_ENCODERS, isEmbedded } from '../models/embedded.ts';
import { weightsCache } from '../published/cache.ts';
import { PUBLISHED, publishedNamed } from '../published/table.ts';
import { weightsPath } from './embedded.ts';

/**
 * What --weights means: a file, the name of fetched weights, or `embedded`. A file goes before a name.
 * @returns an absolute path, or `embedded`.
 * @throws ConfigError where it cannot belong to the encoder; FileError where it does not exist; both say what to fetch.
 */
export async function weightsFor(encoder: string, said: string, folder = weightsCache()): Promise<string> {
  if (said === 'embedded') {
    if (isEmbedded(encoder)) return said;
    throw new ConfigError(
      `--encoder ${encoder} needs --weights: only those of ${EMBEDDED_ENCODERS.join(', ')} ship with the package`,
      { fix: adviceFor(encoder) },
    );
  }
  const published = publishedNamed(said);
  // An existing path wins over a published name, unless it is a folder that happens to have that name.
  if ((await isThere(said)) && !(published && (await stat(said)).isDirectory())) return resolve(said);
  if (!published) {
    throw new FileError(`${resolve(said)}: is not there, and ${said} is no name of published weights`, {
      fix: adviceFor(encoder),
    });
  }
  if (published.encoder !== encoder) {
    throw new ConfigError(`--weights ${said} are for --encoder ${published.encoder}, got ${encoder}`);
  }
  const path = join(folder, published.file);
  if (await isThere(path)) return path;
  throw new FileError(`${path}: has not been fetched`, { fix: `wgad weights fetch ${said}` });
}

/**
 * Checksum of the file that `weightsFor` found for an encoder; part of a run's configuration, since a path or
 * `embedded` stays the same when the encoder is trained again. Undefined for `none`.
 */
export async function weightsChecksum(encoder: string, weights: string): Promise<string | undefined> {
  if (weights === 'none') return undefined;
  return sha256Of(weightsPath(encoder, weights));
}

function adviceFor(encoder: string): string {
  const names = PUBLISHED.filter((each) => each.encoder === encoder).map(({ name }) => name);
  const [first] = names;
  if (first === undefined) return `give the file of its weights; none are published for ${encoder}`;
  const others = names.length > 1 ? ` (or ${names.slice(1).join(', ')})` : '';
  return `wgad weights fetch ${first}${others}, then --weights ${first}`;
}
