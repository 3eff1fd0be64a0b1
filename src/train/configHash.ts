import { createHash } from 'node:crypto';
import type { RunConfig } from './config.ts';
import { resolvedConfig } from './resolvedConfig.ts';

/** Where a run happens to be computed, and what follows from the data. */
const NOT_HASHED: ReadonlySet<string> = new Set([
  'adapter',
  'tuning',
  'memoryRows',
] satisfies (keyof RunConfig)[]);

type Replacer = (name: string, value: unknown) => unknown;

const hashOf = (config: RunConfig, replacer: Replacer): string =>
  createHash('sha256')
    .update(
      JSON.stringify(config, (name, value) => (NOT_HASHED.has(name) ? undefined : replacer(name, value))),
    )
    .digest('hex')
    .slice(0, 16);

/** Identifies what the files of a run belong to, in whatever order its settings are written, defaults or no. */
export const configHash = (config: RunConfig): string =>
  hashOf(resolvedConfig(config), (_, value) => inOrder(value));

/** The same, wherever the data set lies: a run is scored when that has been moved, too. */
export const placelessHash = (config: RunConfig): string => configHash({ ...config, data: '' });

/**
 * Whether a hash that a file has is that of a configuration. Files of early runs have hashes that go by the settings as
 * they are written, or say nothing of the encoder's weights.
 */
export const isHashOf = (hash: string | undefined, config: RunConfig): boolean =>
  [config, { ...config, weightsSha256: undefined }].some(
    (each) => hash === configHash(each) || hash === hashOf(each, (_, value) => value),
  );

/** In words, what a run's configuration has otherwise than `config`; empty where they are of one run. */
export function differences(known: RunConfig, config: RunConfig): string[] {
  if (isHashOf(configHash(known), config)) return [];
  const entries = (of: RunConfig): Record<string, unknown> => JSON.parse(JSON.stringify(resolvedConfig(of)));
  const [had, has] = [entries(known), entries(config)];
  const text = (value: unknown): string | undefined =>
    JSON.stringify(value, (_, each: unknown) => inOrder(each));
  return [...new Set([...Object.keys(had), ...Object.keys(has)])]
    .filter((name) => !NOT_HASHED.has(name) && text(had[name]) !== text(has[name]))
    .map((name) => {
      if (name === 'weightsSha256')
        return `the file of the encoder's weights, ${config.weights}, has changed`;
      return `${name} was ${text(had[name])}, not ${text(has[name])}`;
    });
}

/** A JSON object with its keys sorted; anything else as it is. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
