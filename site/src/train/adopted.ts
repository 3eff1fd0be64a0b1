/** A run folder that was begun elsewhere, as by `wgad train`, and goes on here. */
import { ConfigError, FileError } from '../../../src/errors.ts';
import { detectorIn } from '../../../src/methods/detectors.ts';
import { checkConfig } from '../../../src/run/config.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import type { ChosenFile } from '../files/chosenFile.ts';
import { RUN_FILES } from '../files/runFiles.ts';
import { type Folder, writeIn } from '../files/storage.ts';

export interface AdoptedRun {
  readonly name: string;
  readonly config: RunConfig;
  /** Its files by their names, but `config.json`. */
  readonly files: ReadonlyMap<string, Blob>;
}

/** @throws FileError where it is no run folder or a finished one; ConfigError for what this page does not train. */
export async function adoptedRun(chosen: readonly ChosenFile[]): Promise<AdoptedRun> {
  const found = chosen.find(({ path }) => /(^|\/)config\.json$/.test(path));
  if (!found) {
    throw new FileError('the folder holds no config.json', {
      fix: 'choose the folder that wgad train wrote, with its checkpoint',
    });
  }
  const folder = found.path.slice(0, -RUN_FILES.config.length);
  const name = folder.replace(/\/$/, '') || 'run';
  const names: ReadonlySet<string> = new Set(Object.values(RUN_FILES));
  const files = new Map(
    chosen
      .filter(({ path }) => path.startsWith(folder) && names.has(path.slice(folder.length)))
      .map(({ path, file }) => [path.slice(folder.length), file]),
  );
  files.delete(RUN_FILES.config);
  if (files.has(RUN_FILES.weights)) {
    throw new FileError(`${name}: is trained already`, { fix: 'open it on the Inspect page' });
  }
  return { name, files, config: await configIn(`${folder}${RUN_FILES.config}`, found.file) };
}

async function configIn(path: string, file: Blob): Promise<RunConfig> {
  let config: RunConfig;
  try {
    config = JSON.parse(await file.text()) as RunConfig;
    if (typeof config !== 'object' || config === null) throw new TypeError('no object');
  } catch (cause) {
    throw new FileError(`${path}: is not JSON of a run: ${(cause as Error).message}`, { cause });
  }
  checkConfig(config);
  const only: readonly [boolean, string][] = [
    [detectorIn(config).anomalies === true, `${config.method} draws anomalies into its images`],
    [config.detector !== undefined, 'it starts from a detector'],
    [config.contaminate !== undefined, 'anomalous images were mixed into its training'],
    [config.classes !== undefined, 'it is of some classes of a data set'],
    [config.dataSha256 === undefined, 'it does not say by a checksum which images it is of'],
  ];
  const wrong = only.find(([is]) => is);
  if (wrong) throw new ConfigError(`${path}: ${wrong[1]}`, { fix: 'go on with wgad train --resume' });
  return config;
}

/** Puts its files into the folder of a training. */
export async function storeAdopted(folder: Folder, { files }: AdoptedRun): Promise<void> {
  for (const [name, file] of files) await writeIn(folder, name, (write) => write(file));
}

/** @throws ConfigError where the images or the encoder's weights are not those of the run. */
export function requireSame(
  { name, config }: AdoptedRun,
  { dataSha256, weightsSha256 }: Pick<RunConfig, 'dataSha256' | 'weightsSha256'>,
): void {
  if (config.weightsSha256 !== weightsSha256) {
    throw new ConfigError(`${name}: was begun with other weights of the encoder`, {
      fix: 'open the file of those with Open other weights',
    });
  }
  if (config.dataSha256 !== dataSha256) {
    throw new ConfigError(`${name}: was begun on other images`, { fix: 'choose the folder of those' });
  }
}
