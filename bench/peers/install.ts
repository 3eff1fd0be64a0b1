import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../src/errors.ts';

/** Where the peers are pinned and installed: in a checkout only, apart from the package's own dependencies. */
export const PEERS_FOLDER = dirname(fileURLToPath(import.meta.url));

/** A package of `bench/peers`, found but not loaded. */
export interface PeerPackage {
  /** Name and version. */
  readonly label: string;
  /** @throws ConfigError where it does not load on this platform. */
  load(): unknown;
}

/**
 * @param peer as in `--peers`, for errors
 * @throws ConfigError saying how to install it, where it is not installed under `folder`
 */
export function findPackage(peer: string, name: string, folder = PEERS_FOLDER): PeerPackage {
  const manifest = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) {
    throw new ConfigError(`--peers ${peer}: ${name} is not installed in ${folder}`, {
      fix: existsSync(join(folder, 'package.json'))
        ? `(cd ${folder} && npm ci --ignore-scripts)`
        : 'run this from a checkout of the repository, which has bench/peers',
    });
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const label = `${name} ${version}`;
  return {
    label,
    load() {
      try {
        return createRequire(manifest)(name);
      } catch (cause) {
        throw new ConfigError(`--peers ${peer}: ${label} does not load: ${(cause as Error).message}`, {
          fix: 'use a platform that it has a build for',
          cause,
        });
      }
    },
  };
}
