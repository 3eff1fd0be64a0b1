import { DatasetError } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { RandomStream } from '../random.ts';
import type { Dataset } from './dataset.ts';

/** Stream of the seed that belongs to choosing contaminants. */
const STREAM = 0xc027_0000;

/**
 * Ids of the anomalous test images that a noisy training set gets, sorted: `fraction` of them, rounded, drawn over
 * all classes alike. Depends on the ids and the seed alone.
 * @throws DatasetError where the fraction is too small to move an image, or leaves no anomaly to test with.
 */
export function chooseContaminants(
  dataset: Dataset,
  fraction: number,
  seed: number,
  ...extra: never[]
): string[] {
  refuseExtra('chooseContaminants', extra);
  const anomalous = dataset.test.filter((sample) => sample.anomalous).map((sample) => sample.id);
  const count = Math.round(fraction * anomalous.length);
  if (!(count > 0 && count < anomalous.length)) {
    const result = count > 0 ? 'would leave none to test with' : 'would move none';
    throw new DatasetError(
      `contaminate ${fraction}: of the ${anomalous.length} anomalous test images it ${result}`,
      { where: dataset.root, fix: 'choose a fraction that moves at least one and leaves at least one' },
    );
  }
  return new RandomStream(seed, STREAM).shuffle(anomalous).slice(0, count).sort();
}

interface ContaminateOptions {
  /** Refuse ids that are not in the test set; default: ignore them, as for another data set. */
  strict?: boolean;
}

const CONTAMINATE_OPTIONS: OptionNames<ContaminateOptions> = { strict: true };

/**
 * Moves test images into training: what is trained on is not tested on. They keep their labels, which the
 * training does not read.
 * @throws DatasetError with their number and three of them.
 */
export function contaminate(
  dataset: Dataset,
  ids: readonly string[],
  options: ContaminateOptions = {},
  ...extra: never[]
): Dataset {
  refuseExtra('contaminate', extra);
  requireOptions('contaminate', options, CONTAMINATE_OPTIONS);
  const moved = new Set(ids);
  const added = dataset.test.filter((sample) => moved.has(sample.id));
  if (options.strict && added.length < moved.size) {
    const present = new Set(added.map((sample) => sample.id));
    const absent = [...moved].filter((id) => !present.has(id));
    const more = absent.length > 3 ? ` and ${absent.length - 3} more` : '';
    throw new DatasetError(
      `data set ${dataset.root}: ${absent.length} images that were moved into training are not among the test images: ${absent.slice(0, 3).join(', ')}${more}`,
      { where: dataset.root, fix: 'put them back, or train again into another folder' },
    );
  }
  return {
    ...dataset,
    train: [...dataset.train, ...added],
    test: dataset.test.filter((sample) => !moved.has(sample.id)),
  };
}
