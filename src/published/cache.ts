import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Determines the cache's location; default: the process's own. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

const here = (): Surroundings => ({ platform: process.platform, env: process.env, home: homedir() });

/** The folder of fetched weights. */
export const weightsCache = (around?: Surroundings): string => cacheFolder('weights', around);

/** The folder of measured kernel choices. */
export const tuningCache = (around?: Surroundings): string => cacheFolder('tuning', around);

/**
 * `name` in `WGAD_CACHE`, or in `wgad` of the user's cache: `XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches` on macOS,
 * `%LOCALAPPDATA%` on Windows.
 */
function cacheFolder(name: string, { platform, env, home }: Surroundings = here()): string {
  if (env.WGAD_CACHE) return join(env.WGAD_CACHE, name);
  return join(userCache(platform, env, home), 'wgad', name);
}

function userCache(platform: NodeJS.Platform, env: Surroundings['env'], home: string): string {
  if (platform === 'darwin') return join(home, 'Library', 'Caches');
  if (platform === 'win32') return env.LOCALAPPDATA || join(home, 'AppData', 'Local');
  // The standard says that a relative path there is to be ignored.
  return env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(home, '.cache');
}
