import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../errors.ts';

/**
 * Output must not lie inside input folders: the next scan would take it for images or classes.
 * @param flag names what is written, as `--out`. @param read folders and files that are read.
 * @throws ConfigError where `out` is one of the folders or lies in one, or is the folder of a file, links followed.
 */
export async function requireOutside(flag: string, out: string, read: readonly string[]): Promise<void> {
  const place = await realPlace(resolve(out));
  for (const path of read) {
    const info = await stat(path).catch(() => null);
    if (!info) continue;
    const folder = info.isDirectory() ? path : dirname(path);
    const inside = relative(await realpath(folder), place);
    if (!info.isDirectory() && inside !== '') continue;
    if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) continue;
    const where = inside === '' ? 'is' : 'lies in';
    throw new ConfigError(`${flag} ${out}: ${where} the folder that images are read from, ${folder}`, {
      fix: `choose a ${flag} outside of it`,
    });
  }
}

/** The path with links resolved, as far as it exists. */
async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null || dirname(path) === path) return real ?? path;
  return join(await realPlace(dirname(path)), basename(path));
}
