import { resolvedConfig } from './config.ts';
import { ROWS, type RunConfig } from './settings.ts';

/** Settings that are left out of every hash. */
export const NOT_HASHED: ReadonlySet<string> = new Set(
  ROWS.filter(([, { hashed }]) => hashed === false).map(([name]) => name),
);

const FORMERLY: ReadonlyMap<string, unknown> = new Map(
  ROWS.flatMap(([name, { formerly }]) => (formerly === undefined ? [] : [[name, formerly]])),
);

const isHashed = (name: string, value: unknown): boolean =>
  !NOT_HASHED.has(name) && !(FORMERLY.has(name) && FORMERLY.get(name) === value);

/**
 * The text whose hash ties a run's files to its configuration. Independent of the order of the settings, of whether
 * defaults are written out, and of paths whose content is known by a checksum.
 */
export const configText = (config: RunConfig): string => sortedText(placeless(resolvedConfig(config)));

/** The same without the data set's path, so that a run can be scored after its data set was moved. */
export const placelessText = (config: RunConfig): string =>
  sortedText({ ...byPlaces(resolvedConfig(config)), data: '' });

/**
 * All texts whose hashes files of this run may carry, the current one first. Before 0.3 paths were hashed; the first
 * versions hashed the settings in their written order, without the checksum of the encoder's weights.
 */
export function acceptedTexts(config: RunConfig): readonly string[] {
  const [written, resolved] = [byPlaces(config), byPlaces(resolvedConfig(config))];
  const without = { weightsSha256: undefined };
  return [
    configText(config),
    sortedText(resolved),
    writtenText(written),
    sortedText({ ...resolved, ...without }),
    writtenText({ ...written, ...without }),
  ];
}

const sortedText = (settings: object): string =>
  JSON.stringify(settings, (name, value) => (isHashed(name, value) ? inOrder(value) : undefined));

const writtenText = (settings: object): string =>
  JSON.stringify(settings, (name, value) => (isHashed(name, value) ? value : undefined));

/** How many hex digits of a text's SHA-256 are kept. */
export const HASH_DIGITS = 16;

/** Settings by name, whatever their types. */
export type Settings = Readonly<Record<string, unknown>>;

/** The same settings with an empty path wherever a checksum identifies the content. */
export function placeless(settings: Settings): Settings {
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

/** A JSON object with its keys sorted; anything else as it is. */
export function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
