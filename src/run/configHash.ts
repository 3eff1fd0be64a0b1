import { createHash } from 'node:crypto';
import { resolvedConfig } from './config.ts';
import { CHECKSUMS, ROWS, type RunConfig } from './settings.ts';

const NOT_HASHED: ReadonlySet<string> = new Set(
  ROWS.filter(([, { hashed }]) => hashed === false).map(([name]) => name),
);

const FORMERLY: ReadonlyMap<string, unknown> = new Map(
  ROWS.flatMap(([name, { formerly }]) => (formerly === undefined ? [] : [[name, formerly]])),
);

const isHashed = (name: string, value: unknown): boolean =>
  !NOT_HASHED.has(name) && !(FORMERLY.has(name) && FORMERLY.get(name) === value);

/**
 * Hash that ties a run's files to its configuration. Independent of the order of the settings, of whether defaults are
 * written out, and of paths whose content is known by a checksum.
 */
export const configHash = (config: RunConfig): string => sortedHash(placeless(resolvedConfig(config)));

/** The same without the data set's path, so that a run can be scored after its data set was moved. */
export const placelessHash = (config: RunConfig): string =>
  sortedHash({ ...byPlaces(resolvedConfig(config)), data: '' });

/**
 * All hashes that files of this run may carry, the current one first. Before 0.3 paths were hashed; the first versions
 * hashed the settings in their written order, without the checksum of the encoder's weights.
 */
export function hashesOf(config: RunConfig): readonly string[] {
  const [written, resolved] = [byPlaces(config), byPlaces(resolvedConfig(config))];
  const without = { weightsSha256: undefined };
  return [
    configHash(config),
    sortedHash(resolved),
    writtenHash(written),
    sortedHash({ ...resolved, ...without }),
    writtenHash({ ...written, ...without }),
  ];
}

const sortedHash = (settings: object): string =>
  hashOf(JSON.stringify(settings, (name, value) => (isHashed(name, value) ? inOrder(value) : undefined)));

const writtenHash = (settings: object): string =>
  hashOf(JSON.stringify(settings, (name, value) => (isHashed(name, value) ? value : undefined)));

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Settings by name, whatever their types. */
type Settings = Readonly<Record<string, unknown>>;

/** The same settings with an empty path wherever a checksum identifies the content. */
function placeless(settings: Settings): Settings {
  const known = ROWS.filter(
    ([name, { knownBy }]) => knownBy && settings[knownBy] !== undefined && settings[name] !== undefined,
  );
  return { ...settings, ...Object.fromEntries(known.map(([place]) => [place, ''])) };
}

/** The same settings without the checksums that versions before 0.3 did not have. */
const byPlaces = (settings: Settings): Settings => ({
  ...settings,
  dataSha256: undefined,
  detectorSha256: undefined,
});

/** Differences between a run's configuration and `config`, one message each; empty if they are the same run. */
export function differences(known: RunConfig, config: RunConfig): string[] {
  // If either lacks a checksum, compare paths instead.
  const older = CHECKSUMS.filter((sum) => known[sum] === undefined || config[sum] === undefined);
  const had = comparable(resolvedConfig(known), older);
  const has = comparable(resolvedConfig(config), older);
  return [...new Set([...Object.keys(had), ...Object.keys(has)])]
    .filter((name) => !NOT_HASHED.has(name) && had[name] !== has[name])
    .map((name) => {
      const changed = ROWS.find(([each]) => each === name)?.[1].changed;
      return changed?.(config) ?? `${name} was ${had[name]}, not ${has[name]}`;
    });
}

/** Each setting as JSON text, without the checksums in `without`. */
function comparable(settings: Settings, without: readonly string[]): Record<string, string> {
  const sums = Object.fromEntries(without.map((sum) => [sum, undefined]));
  return Object.fromEntries(
    Object.entries(placeless({ ...settings, ...sums })).flatMap(([name, value]) => {
      const text: string | undefined = JSON.stringify(value, (_, each: unknown) => inOrder(each));
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

/** A JSON object with its keys sorted; anything else as it is. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
