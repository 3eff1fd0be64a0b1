import { stat } from 'node:fs/promises';
import { contaminate, type Dataset, type Sample, scanDataset } from '../data/index.ts';
import { DatasetError } from '../errors.ts';
import type { RunConfig } from './settings.ts';

export type DataConfig = Pick<RunConfig, 'data' | 'layout' | 'classes' | 'contaminate'>;

/**
 * The data set that a run is trained and tested on, or the one at `data` read in the same way. Images that were
 * moved from test to training are in training alone, in both.
 * @param onOddity told in one line for each kind of what is odd but usable.
 * @throws DatasetError, also where a moved image or a class of the run is no longer there.
 */
export async function datasetOf(
  config: DataConfig,
  data?: string,
  onOddity?: (line: string) => void,
): Promise<Dataset> {
  const dataset = await scanDataset(data ?? config.data, config.layout, onOddity);
  const { contaminate: moved, classes } = config;
  const mixed = moved ? contaminate(dataset, moved.images, { strict: data === undefined }) : dataset;
  return classes ? ofClasses(mixed, classes) : mixed;
}

/** The same for a run that was trained, whose data set may have been moved since. @throws as `datasetOf`. */
export async function datasetOfRun(
  config: DataConfig,
  { data, onNote }: { data?: string | undefined; onNote?: ((text: string) => void) | undefined } = {},
): Promise<Dataset> {
  if (data === undefined && !(await stat(config.data).catch(() => null))) {
    throw new DatasetError(`data set ${config.data}, which the run was trained on, does not exist`, {
      where: config.data,
      fix: 'give the place where it lies now with --data',
    });
  }
  return datasetOf(config, data, onNote);
}

function ofClasses(dataset: Dataset, names: readonly string[]): Dataset {
  const absent = names.filter((name) => !dataset.classes.includes(name));
  if (absent.length > 0) {
    throw new DatasetError(`data set ${dataset.root}: has no class ${absent.join(', ')}`, {
      where: dataset.root,
      fix: 'put it back; where the data set was moved, give its new place',
    });
  }
  const own = (samples: readonly Sample[]): Sample[] =>
    samples.filter((sample) => names.includes(sample.className));
  return { ...dataset, classes: names, train: own(dataset.train), test: own(dataset.test) };
}
