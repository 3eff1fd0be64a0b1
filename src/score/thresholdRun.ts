import { createHash } from 'node:crypto';
import { normalImages } from '../data/imagesToScore.ts';
import { type Frame, ImageLoader } from '../data/index.ts';
import { DatasetError } from '../errors.ts';
import { requireWritable } from '../formats/regularFile.ts';
import { readWeights } from '../formats/weightsFile.ts';
import { writeSafetensors } from '../formats/writeSafetensors.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { alarmThreshold, bootstrapThreshold, lowestRate } from '../metrics/index.ts';
import { frameIn } from '../run/config.ts';
import { type DataConfig, datasetOfRun } from '../run/dataset.ts';
import { readFinishedRun } from '../run/finished.ts';
import { runFiles } from '../run/folder.ts';
import { imagesText, type ScoringChoice, scoredAs } from '../run/scoredAs.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { finiteMaps } from './finiteMaps.ts';
import { openScorer } from './scorer.ts';
import type { Scorer } from './scorerOn.ts';
import {
  type ClassThreshold,
  type StoredThreshold,
  servedAlignment,
  thresholdIn,
} from './storedThreshold.ts';

/** With what scoring is to do otherwise than the run. */
export interface ThresholdOptions extends ScoringChoice<'threshold'> {
  readonly run: string;
  /** Highest share of normal images to be flagged, in (0, 1). */
  readonly rate: number;
  /** Normal images, files or folders; default: those that the run was trained on. */
  readonly images?: readonly string[];
  /** Where the data set lies now, if it was moved. */
  readonly data?: string;
  readonly gpu?: GpuRequest;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
  /** Told of the threshold before it is stored, so that a full disk does not lose it. */
  readonly onFound?: (threshold: StoredThreshold) => void;
  /** Told of what is odd about the data set, or the images. */
  readonly onNote?: (text: string) => void;
}

interface NormalImage {
  readonly path: string;
  readonly name: string;
  /** Null where it is not known. */
  readonly className: string | null;
}

/**
 * Finds one threshold for all classes from normal images alone and stores it in `weights.safetensors`. Anomalies that
 * `--contaminate` mixed into training are left out.
 * @throws DatasetError where there are too few images to guarantee the rate; ImageError for one that cannot be read.
 */
export async function thresholdRun(options: ThresholdOptions): Promise<StoredThreshold> {
  const { run, rate } = options;
  const trained = await readFinishedRun(run);
  const config = scoredAs(trained, 'threshold', options);
  const images = await imagesOf(config, options);
  refuseTooFew(images.length, rate);
  await requireWritable(runFiles(run).weights);
  const alignment = servedAlignment(config);
  const scorer = await openScorer(run, config, { gpu: options.gpu, alignments: [alignment] });
  try {
    const scores = await scoresOf(scorer, config, alignment, images, options);
    const stored: StoredThreshold = {
      ...alarmThreshold(scores, rate)!,
      alignment,
      target: rate,
      images: images.length,
      source: options.images ? 'given images' : 'training images',
      list: createHash('sha256')
        .update(
          images
            .map(({ name }) => `${name}\n`)
            .sort()
            .join(''),
        )
        .digest('hex'),
      interval: bootstrapThreshold(scores, rate, config.seed),
      classes: classThresholds(images, scores, rate),
      ...(config.precision === 'f16' && { precision: config.precision }),
      ...(imagesText(config) !== imagesText(trained) && { sized: imagesText(config) }),
    };
    options.onFound?.(stored);
    await storeThreshold(run, stored);
    return stored;
  } finally {
    scorer.close();
  }
}

async function imagesOf(
  config: DataConfig,
  { images: given, data, onNote }: ThresholdOptions,
): Promise<NormalImage[]> {
  if (given) {
    const left = (folder: string, count: number): void =>
      onNote?.(`${folder}: ${count} masks are not scored`);
    return (await normalImages(given, left)).map((path) => ({ path, name: path, className: null }));
  }
  const { train } = await datasetOfRun(config, { data, onNote });
  return train
    .filter((sample) => !sample.anomalous)
    .map(({ path, id, className }) => ({ path, name: id, className }));
}

function refuseTooFew(images: number, rate: number): void {
  const least = lowestRate(images);
  if (rate >= least - 1e-12) return;
  throw new DatasetError(
    `a false-alarm rate of ${rate} needs at least ${Math.ceil(1 / rate) - 1} normal images, got ${images}`,
    { fix: `give more images, or ask for a rate of at least ${(Math.ceil(least * 1e4) / 1e4).toString()}` },
  );
}

async function scoresOf(
  scorer: Scorer,
  config: Frame,
  alignment: Alignment,
  images: readonly NormalImage[],
  { signal, onProgress }: ThresholdOptions,
): Promise<number[]> {
  const loader = new ImageLoader({ ...frameIn(config), signal });
  const { atOnce } = scorer;
  const paths = images.map(({ path }) => path);
  const scores: number[] = [];
  try {
    for (let first = 0; first < paths.length; first += atOnce) {
      signal?.throwIfAborted();
      const some = paths.slice(first, first + atOnce);
      loader.prefetch(paths.slice(first + atOnce, first + 2 * atOnce));
      const scored = await scorer.score(
        await Promise.all(some.map((path) => loader.pixels(path))),
        some.map(() => 0),
      );
      scores.push(...scored.map((image, i) => finiteMaps(some[i]!, image).scores.get(alignment)!));
      onProgress?.(first + some.length, paths.length);
    }
    return scores;
  } finally {
    await loader.close();
  }
}

function classThresholds(
  images: readonly NormalImage[],
  scores: readonly number[],
  rate: number,
): Record<string, ClassThreshold> {
  const byClass = new Map<string, number[]>();
  for (const [i, { className }] of images.entries()) {
    if (className === null) continue;
    const own = byClass.get(className);
    if (own) own.push(scores[i]!);
    else byClass.set(className, [scores[i]!]);
  }
  return Object.fromEntries(
    [...byClass].map(([name, own]) => [
      name,
      { ...alarmThreshold(own, Math.max(rate, lowestRate(own.length)))!, images: own.length },
    ]),
  );
}

async function storeThreshold(run: string, threshold: StoredThreshold): Promise<void> {
  const path = runFiles(run).weights;
  const { tensors, metadata } = await readWeights(path);
  await writeSafetensors(path, tensors, {
    ...Object.fromEntries(metadata),
    threshold: JSON.stringify(threshold),
  });
}

/** What `thresholdRun` stored, or null. @throws FileError where it was edited. */
export async function readThreshold(run: string): Promise<StoredThreshold | null> {
  const path = runFiles(run).weights;
  return thresholdIn(path, (await readWeights(path, () => false)).metadata);
}
