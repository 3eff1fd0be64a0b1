import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { removeStaleTemps, writeFileAtomic } from '../formats/atomicFile.ts';
import { readJsonObject } from '../formats/readJson.ts';
import { folderPlace, isThere, makeFolder, requireWritable } from '../formats/regularFile.ts';
import { checkConfig } from './config.ts';
import { differences } from './configHash.ts';
import { CHECKSUMS, ROWS, type RunConfig } from './settings.ts';

/** The files of a run; names are part of the public interface. */
export const runFiles = (run: string) => ({
  config: join(run, 'config.json'),
  weights: join(run, 'weights.safetensors'),
  checkpoint: join(run, 'checkpoint.safetensors'),
  /** The method's memory, until the run is finished. */
  memory: join(run, 'memory.safetensors'),
  /** How far its coreset has come, until the memory is complete. */
  coreset: join(run, 'coreset.safetensors'),
  log: join(run, 'log.jsonl'),
  results: join(run, 'results.json'),
  scores: join(run, 'scores.csv'),
  report: join(run, 'report.html'),
});

/** @throws FileError where a run could not be written there. */
export async function requireRunPlace(run: string): Promise<void> {
  await folderPlace(run);
  if (!(await isThere(run))) return;
  const { config, checkpoint, memory, coreset, weights } = runFiles(run);
  for (const path of [config, checkpoint, memory, coreset, weights]) await requireWritable(path);
}

/**
 * Makes the folder and writes the configuration. @returns it: for a resumed run the configuration it was started with,
 * because the hashes in its files may depend on how it is written.
 * @throws ConfigError where the folder holds another run.
 */
export async function startRun(run: string, config: RunConfig, resume: boolean): Promise<RunConfig> {
  await makeFolder(run, 'choose another --out');
  await removeStaleTemps(run);
  const path = runFiles(run).config;
  const known = (await isThere(path)) ? await readJsonObject<RunConfig>(path) : null;
  const other = known ? differences(known, config) : [];
  if (other.length > 0) {
    throw new ConfigError(`${run}: holds a run with another configuration: ${other.join('; ')}`, {
      fix: `${resume ? 'resume with what the run was started with, ' : ''}choose another --out, or remove the folder`,
    });
  }
  const own = known && resume ? resumed(known, config) : config;
  await writeFileAtomic(path, `${JSON.stringify(own, null, 2)}\n`);
  return own;
}

/** The known configuration with the current paths, checksums and machine. */
function resumed(known: RunConfig, config: RunConfig): RunConfig {
  const now = ROWS.filter(([, { hashed, knownBy }]) => hashed === false || knownBy !== undefined);
  return {
    ...known,
    ...Object.fromEntries(now.map(([name]) => [name, config[name]])),
    ...Object.fromEntries(CHECKSUMS.map((sum) => [sum, config[sum] ?? known[sum]])),
  };
}

/** @throws FileError where it cannot be read, ConfigError listing what is wrong with it. */
export async function readRunConfig(run: string): Promise<RunConfig> {
  const path = runFiles(run).config;
  const config = await readJsonObject<RunConfig>(path, 'give the folder of a finished run');
  try {
    checkConfig(config);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ConfigError(`${path}: ${cause.message}`, { fix: 'put the original back', cause });
  }
  return config;
}
