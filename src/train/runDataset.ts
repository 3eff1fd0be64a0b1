import { contaminate, type Dataset, type Sample, scanDataset } from '../data/index.ts';
import { DatasetError } from '../errors.ts';
import type { RunConfig } from './config.ts';

/**
 * The data set that a run is trained and tested on, or the one at `data` read in the same way. Images that were
 * moved from test to training are in training alone, in both.
 * @throws DatasetError, also where a moved image or a class of the run is no longer there.
 */
export async function datasetOf(
  config: Pick<RunConfig, 'data' | 'layout' | 'classes' | 'contaminate'>,
  data?: string,
): Promise<Dataset> {
  const dataset = await scanDataset(data ?? config.data, config.layout);
  const { contaminate: moved, classes } = config;
  const mixed = moved ? contaminate(dataset, moved.images, { strict: data === undefined }) : dataset;
  return classes ? ofClasses(mixed, classes) : mixed;
}

function ofClasses(dataset: Dataset, names: readonly string[]): Dataset {
  const absent = names.filter((name) => !dataset.classes.includes(name));
  if (absent.length > 0) {
    throw new DatasetError(`data set ${dataset.root}: has no class ${absent.join(', ')}`, {
      where: dataset.root,
    });
  }
  const own = (samples: readonly Sample[]): Sample[] =>
    samples.filter((sample) => names.includes(sample.className));
  return { ...dataset, classes: names, train: own(dataset.train), test: own(dataset.test) };
}
