import { ConfigError } from '../errors.ts';
import { readWeights } from '../formats/weightsFile.ts';
import { differences, hashesOf, placelessHash } from './configHash.ts';
import { readRunConfig, runFiles } from './folder.ts';
import type { RunConfig } from './settings.ts';

/**
 * The configuration of a run that is to be scored. The path of its data set may have been edited; weights without a
 * stored configuration are accepted.
 * @throws as `readRunConfig`; ConfigError where it is not what the weights were trained with.
 */
export async function readFinishedRun(run: string): Promise<RunConfig> {
  const config = await readRunConfig(run);
  const { weights, config: path } = runFiles(run);
  const { metadata } = await readWeights(weights, () => false);
  if (!metadata.has('configHash') || areOf(metadata, config)) return config;
  throw new ConfigError(`${path}: is not the configuration that ${weights} was trained with`, {
    fix: 'put back the file that was written with these weights; --data, --precision and the like go without an edit',
  });
}

/** Whether a folder holds finished weights of exactly this configuration. */
export async function isTrained(run: string, config: RunConfig): Promise<boolean> {
  const known = await readRunConfig(run).catch(() => null);
  if (known === null || differences(known, config).length > 0) return false;
  const file = await readWeights(runFiles(run).weights, () => false).catch(() => null);
  return file !== null && areOf(file.metadata, known);
}

/** Whether weights with this metadata belong to the configuration, ignoring the data set's path. */
const areOf = (metadata: ReadonlyMap<string, string>, config: RunConfig): boolean =>
  hashesOf(config).includes(metadata.get('configHash') ?? '') ||
  metadata.get('placelessHash') === placelessHash(config);
