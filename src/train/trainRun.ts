import { ImageLoader } from '../data/index.ts';
import { DatasetError } from '../errors.ts';
import { textureFiles } from '../run/anomalyImages.ts';
import { checkConfig, frameIn, gridIn } from '../run/config.ts';
import { hashesOf, placelessHash } from '../run/configHash.ts';
import { datasetOf } from '../run/dataset.ts';
import { requireRunPlace, startRun } from '../run/folder.ts';
import { folderStore } from '../run/folderStore.ts';
import { runLog } from '../run/log.ts';
import { type GpuRequest, openSession } from '../runtime/session.ts';
import { startFiles } from '../weights/start.ts';
import { featureFile, fileStore, targetFile } from './featureFile.ts';
import { type TrainingOptions, train } from './training.ts';
import { trainingTiles } from './trainingTiles.ts';

export interface TrainOptions extends TrainingOptions {
  readonly run: string;
  readonly gpu?: GpuRequest;
  /** Called with each kind of problem of the data set, a line each. */
  readonly onWarning?: (text: string) => void;
}

/**
 * Trains a run in its folder, on the images of its data set.
 * @returns false where a signal stopped it; the checkpoint then holds what was done.
 */
export async function trainRun(options: TrainOptions): Promise<boolean> {
  const { run, config, resume = false, signal, onNote } = options;
  // Warnings on a class's images were already given for the whole data set.
  const { classes } = config;
  const dataset = await datasetOf(config, undefined, classes ? undefined : options.onWarning);
  if (!classes) for (const note of dataset.notes ?? []) onNote?.(note);
  if (dataset.train.length === 0) throw new DatasetError(`${dataset.root}: has no training image`);
  checkConfig(config);
  // Fail on a bad folder before hours are spent or anything is written.
  await requireRunPlace(run);
  const textures = await textureFiles(config);
  const session = await openSession(options.gpu);
  try {
    return await train(
      session,
      {
        tiles: trainingTiles(dataset, gridIn(config)),
        images: { train: dataset.train.length, test: dataset.test.length },
        textures,
        start: startFiles(config),
        store: folderStore(run),
        log: () => runLog(run, (text) => onNote?.(text)),
        async begin(asked) {
          const own = await startRun(run, asked, resume);
          return { config: own, hashes: { accepted: hashesOf(own), placeless: placelessHash(own) } };
        },
        // Decoding may take seconds: stopping does not wait for it.
        loader: (own) => new ImageLoader({ ...frameIn(own), signal }),
        onDisk: (what) => (widths, images) =>
          fileStore(what === 'features' ? featureFile(run) : targetFile(run), widths, images),
      },
      options,
    );
  } finally {
    session.close();
  }
}
