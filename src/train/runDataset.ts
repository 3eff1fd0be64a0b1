import { contaminate, type Dataset, scanDataset } from '../data/index.ts';
import type { RunConfig } from './config.ts';

/**
 * The data set that a run is trained and tested on, or the one at `data` read in the same way. Images that were
 * moved from test to training are in training alone, in both.
 * @throws DatasetError, also where a moved image is no longer in the run's own data set.
 */
export async function datasetOf(
  config: Pick<RunConfig, 'data' | 'layout' | 'contaminate'>,
  data?: string,
): Promise<Dataset> {
  const dataset = await scanDataset(data ?? config.data, config.layout);
  const { contaminate: moved } = config;
  return moved ? contaminate(dataset, moved.images, { strict: data === undefined }) : dataset;
}
