import { createHash } from 'node:crypto';
import { resolvedConfig } from './config.ts';
import {
  acceptedTexts,
  configText,
  HASH_DIGITS,
  inOrder,
  NOT_HASHED,
  placeless,
  placelessText,
  type Settings,
} from './configTexts.ts';
import { CHECKSUMS, ROWS, type RunConfig } from './settings.ts';

/** Hash that ties a run's files to its configuration. */
export const configHash = (config: RunConfig): string => hashOf(configText(config));

/** The same without the data set's path. */
export const placelessHash = (config: RunConfig): string => hashOf(placelessText(config));

/** All hashes that files of this run may carry, the current one first. */
export const hashesOf = (config: RunConfig): readonly string[] => acceptedTexts(config).map(hashOf);

const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);

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
