import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../errors.ts';

/**
 * What is written must not lie among what is read: the next scan would take it for images or classes.
 * @param flag names what is written, as `--out`. @param folders that are read; files among them have nothing in them.
 * @throws ConfigError where `out` is one of them or lies in one, links followed.
 */
export async function requireOutside(flag: string, out: string, folders: readonly string[]): Promise<void> {
  const place = await realPlace(resolve(out));
  for (const folder of folders) {
    const info = await stat(folder).catch(() => null);
    if (!info?.isDirectory()) continue;
    const inside = relative(await realpath(folder), place);
    if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) continue;
    const where = inside === '' ? 'is' : 'lies in';
    throw new ConfigError(`${flag} ${out}: ${where} the folder that images are read from, ${folder}`, {
      fix: `choose a ${flag} outside of it`,
    });
  }
}

/** The path with links resolved as far as it exists. */
async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null || dirname(path) === path) return real ?? path;
  return join(await realPlace(dirname(path)), basename(path));
}
