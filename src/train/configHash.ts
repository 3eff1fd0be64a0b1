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

/** Settings that are places, and those that say what lies there. */
const CHECKSUMS = {
  weights: 'weightsSha256',
  detector: 'detectorSha256',
  data: 'dataSha256',
  textures: 'dataSha256',
} as const satisfies Partial<Record<keyof RunConfig, keyof RunConfig>>;
type Place = keyof typeof CHECKSUMS;
const PLACES = Object.keys(CHECKSUMS) as Place[];
const SUMS: ReadonlySet<string> = new Set(Object.values(CHECKSUMS));

/** The same run without the places of what is known by its content. */
function placeless(config: RunConfig): RunConfig {
  const known = PLACES.filter(
    (place) => config[CHECKSUMS[place]] !== undefined && config[place] !== undefined,
  );
  return { ...config, ...Object.fromEntries(known.map((place) => [place, ''])) };
}

const sortedHash = (config: RunConfig): string =>
  hashOf(resolvedConfig(config), (_, value) => inOrder(value));

/**
 * Identifies what the files of a run belong to, in whatever order its settings are written, defaults or no, and wherever
 * lies what it is trained on.
 */
export const configHash = (config: RunConfig): string => sortedHash(placeless(config));

/** As versions before 0.3 knew a run. */
const byPlaces = (config: RunConfig): RunConfig => ({
  ...config,
  dataSha256: undefined,
  detectorSha256: undefined,
});

/** The same, wherever the data set lies: a run is scored when that has been moved, too. */
export const placelessHash = (config: RunConfig): string => sortedHash(byPlaces({ ...config, data: '' }));

/**
 * Whether a hash that a file has is that of a configuration. Files of earlier runs have hashes that go by places, of
 * early ones by the settings as they are written, or say nothing of the encoder's weights.
 */
export const isHashOf = (hash: string | undefined, config: RunConfig): boolean =>
  hash === configHash(config) ||
  [byPlaces(config), { ...byPlaces(config), weightsSha256: undefined }].some(
    (each) => hash === sortedHash(each) || hash === hashOf(each, (_, value) => value),
  );

/** In words, what a run's configuration has otherwise than `config`; empty where they are of one run. */
export function differences(known: RunConfig, config: RunConfig): string[] {
  const entries = (of: RunConfig): Record<string, unknown> =>
    JSON.parse(JSON.stringify(placeless(resolvedConfig(byCommonSums(of, known, config)))));
  const [had, has] = [entries(known), entries(config)];
  const text = (value: unknown): string | undefined =>
    JSON.stringify(value, (_, each: unknown) => inOrder(each));
  return [...new Set([...Object.keys(had), ...Object.keys(has)])]
    .filter((name) => !NOT_HASHED.has(name) && text(had[name]) !== text(has[name]))
    .map((name) => {
      if (name === 'weightsSha256')
        return `the file of the encoder's weights, ${config.weights}, has changed`;
      if (name === 'detectorSha256') return `the file of the detector, ${config.detector}, has changed`;
      if (name === 'dataSha256') return `the images to train on, in ${config.data}, are others`;
      return `${name} was ${text(had[name])}, not ${text(has[name])}`;
    });
}

/** With the checksums that both have: where one is older than them, places are compared. */
const byCommonSums = (of: RunConfig, ...both: readonly RunConfig[]): RunConfig => ({
  ...of,
  ...Object.fromEntries(
    [...SUMS]
      .filter((sum) => both.some((each) => each[sum as keyof RunConfig] === undefined))
      .map((sum) => [sum, undefined]),
  ),
});

/** A JSON object with its keys sorted; anything else as it is. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
