import { existsSync } from 'node:fs';
import { ImageError } from '../errors.ts';

/** A module of this folder as it is built: threads and processes run JavaScript on every supported Node. */
export function builtModule(name: string): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL(`./${name}.js`, import.meta.url);
  const built = new URL(`../../dist/data/${name}.js`, import.meta.url);
  if (!existsSync(built)) {
    throw new ImageError(`cannot decode images: ${built.pathname} is missing`, {
      fix: 'Run `npm run build`.',
    });
  }
  return built;
}
