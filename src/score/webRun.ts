import { ConfigError } from '../errors.ts';
import { fields, number, readExpected } from '../formats/expectation.ts';
import { checkConfig } from '../run/config.ts';
import type { RunConfig } from '../run/settings.ts';

/** What a run's weights alone do not say, in the metadata of the one file that pages judge images by. */
export interface WebRun {
  readonly config: RunConfig;
  /** Colours of maps, from the last test of the run; null: it was not tested. */
  readonly scale: { readonly low: number; readonly high: number } | null;
}

const FORMAT = 'wgad web 1';

/** Metadata of such a file, beside those of the run's weights. */
export const webMetadata = ({ config, scale }: WebRun): Record<string, string> => ({
  web: FORMAT,
  config: JSON.stringify(config),
  ...(scale && { scale: JSON.stringify(scale) }),
});

/**
 * Reads them back. @param path for errors. @returns null for another file, such as a run's weights.
 * @throws FileError where they were edited; ConfigError for settings that this version does not have.
 */
export function webRunIn(path: string, metadata: ReadonlyMap<string, string>): WebRun | null {
  const format = metadata.get('web');
  if (format === undefined) return null;
  if (format !== FORMAT) {
    throw new ConfigError(`${path}: is of format ${format}, expected ${FORMAT}`, { fix: FIX });
  }
  const config = readExpected<RunConfig>(path, metadata.get('config') ?? '', fields({}), {
    at: 'config',
    fix: FIX,
  });
  checkConfig(config);
  const scale = metadata.get('scale');
  return {
    config,
    scale: scale === undefined ? null : readExpected(path, scale, RANGE, { at: 'scale', fix: FIX }),
  };
}

const FIX = 'export it again: wgad export RUN --web FILE';
const RANGE = fields({ low: number, high: number });
