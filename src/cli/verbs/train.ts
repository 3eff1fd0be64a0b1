import { resolve } from 'node:path';
import { chooseContaminants } from '../../data/index.ts';
import { folderPlace } from '../../formats/regularFile.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { plannedClassRuns } from '../../run/classRuns.ts';
import { checkConfig, gridIn, newConfig } from '../../run/config.ts';
import { dataChecksum } from '../../run/dataChecksum.ts';
import { type DataConfig, datasetOf } from '../../run/dataset.ts';
import { isTrained } from '../../run/finished.ts';
import { countsPasses, withPresets } from '../../run/presets.ts';
import type { RunConfig } from '../../run/settings.ts';
import { FEATURE_BUDGET } from '../../train/detectorInputs.ts';
import type { Estimate } from '../../train/estimate.ts';
import { type TrainOptions, trainRun } from '../../train/trainRun.ts';
import { VERSION } from '../../version.ts';
import { openDetector } from '../../weights/detector.ts';
import { weightsChecksum, weightsFor } from '../../weights/source.ts';
import { encoderIn, startNotes } from '../../weights/start.ts';
import type { Context } from '../context.ts';
import { estimateLines, quickCommand } from '../estimateLines.ts';
import { EXIT } from '../exitCodes.ts';
import { real } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { addSettingFlags, type SettingFlags } from '../settingFlags.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

interface TrainFlags extends SettingFlags {
  out: string;
  contaminate: number;
  perClass?: boolean;
  resume?: boolean;
  saveEvery: number;
  featureDisk: number;
}

export const trainVerb: AddVerb = (program, run) => {
  const verb = program
    .command('train <dir>')
    .description('train the detector on normal images of all kinds mixed, then its alignment')
    .addOption(requiredOption('--out <run>', 'folder of the run'));
  addSettingFlags(verb, 'method', 'layout');
  verb
    .option(
      '--contaminate <f>',
      'fraction of the anomalous test images to mix into training, and hold out of the test',
      real('--contaminate', 0, 1),
      0,
    )
    .option(
      '--per-class',
      'also a model of each class by itself, in RUN/classes (class-separated protocol): each takes as many steps again',
    )
    .option('--save-every <s>', 'seconds between checkpoints', real('--save-every', 0), 30)
    .option(
      '--feature-disk <GiB>',
      "room in the run's folder, while it trains, for the encoder's features where they exceed 1 GiB of memory",
      real('--feature-disk', 0),
      FEATURE_BUDGET.disk / 2 ** 30,
    )
    .option('--resume', 'go on from the last checkpoint');
  addSettingFlags(verb, 'alignHead', 'alignBase');
  verb
    .addHelpText(
      'after',
      '\nExample:\n  wgad train data/synth --out runs/first --size 128 --iterations 300\n  wgad train photos --out runs/rd --encoder wide_resnet50_2 --weights wide_resnet50_2 --detector rd4ad.pth',
    )
    .action((dir: string, flags: TrainFlags) =>
      run(async (context) => {
        await requireOutside('--out', flags.out, [dir, ...(flags.textures ? [flags.textures] : [])]);
        await folderPlace(flags.out);
        const config = await configOf(context, dir, flags);
        let estimate: Estimate | undefined;
        const options = {
          resume: flags.resume ?? false,
          saveEvery: flags.saveEvery,
          features: { disk: flags.featureDisk * 2 ** 30 },
          // A measurement that nobody reads is not made.
          ...((!context.quiet || context.json) && {
            onEstimate(found: Estimate, models: number) {
              estimate = found;
              for (const line of estimateLines(found, config, models, quickCommand(dir, flags)))
                context.say(line);
            },
          }),
        };
        const done = flags.perClass
          ? await trainAllWith(context, flags.out, config, options)
          : await trainWith(context, flags.out, config, options);
        if (!done) {
          context.say(`stopped in ${flags.out}; go on with the same command and --resume`);
          return EXIT.interrupted;
        }
        context.result({ run: flags.out, ...(estimate && { estimate }) }, `trained: ${flags.out}`);
        return EXIT.done;
      }),
    );
};

/** Told how long the first of so many models will take. */
interface OnEstimate {
  readonly onEstimate?: (estimate: Estimate, models: number) => void;
}

/** Trains with progress on stderr; false where Ctrl-C stopped it. */
export async function trainWith(
  context: Context,
  run: string,
  config: RunConfig,
  options: Pick<TrainOptions, 'resume' | 'goOn' | 'saveEvery' | 'features'> & OnEstimate,
  models = 1,
): Promise<boolean> {
  const { onEstimate, ...own } = options;
  let shown: { stage: string; progress: ReturnType<Context['progress']> } | undefined;
  const finished = await trainRun({
    run,
    config,
    ...own,
    ...(onEstimate && { onEstimate: (estimate) => onEstimate(estimate, models) }),
    gpu: context.gpu,
    signal: context.signal,
    onNote: (text) => context.say(text),
    onWarning: warner(context),
    onProgress: (stage, { step, of, loss }) => {
      if (shown?.stage !== stage) {
        shown?.progress.finish();
        shown = { stage, progress: context.progress(stage) };
      }
      shown.progress.update(step, of, loss === undefined ? '' : `loss ${loss.toPrecision(4)}`);
    },
  });
  shown?.progress.finish();
  return finished;
}

/** The model of all classes, then one of each; with `resume` those that are finished stay as they are. */
async function trainAllWith(
  context: Context,
  run: string,
  config: RunConfig,
  { onEstimate, ...options }: Pick<TrainOptions, 'resume' | 'saveEvery' | 'features'> & OnEstimate,
): Promise<boolean> {
  const { classes } = await datasetOf(config);
  const runs = [{ className: 'all', folder: run, config }, ...plannedClassRuns(run, config, classes)];
  for (const [i, { className, folder, config: own }] of runs.entries()) {
    if (options.resume && (await isTrained(folder, own))) continue;
    context.say(`model ${i + 1} of ${runs.length}: ${className}`);
    const watched = i === 0 && onEstimate ? { ...options, onEstimate } : options;
    if (!(await trainWith(context, folder, own, watched, runs.length))) return false;
  }
  return true;
}

async function configOf(context: Context, dir: string, flags: TrainFlags): Promise<RunConfig> {
  const { out, contaminate: fraction, perClass, resume, saveEvery, featureDisk, ...chosen } = flags;
  const data = resolve(dir);
  const { seed } = context;
  const settings = { ...withPresets(chosen), version: VERSION, seed, data, adapter: '' };
  const draft = newConfig(settings);
  checkConfig(draft);
  const config = countsPasses(settings) ? newConfig(settings, await countTiles(draft)) : draft;
  const weights =
    config.encoder === 'none' ? config.weights : await weightsFor(config.encoder, config.weights);
  const weightsSha256 = await weightsChecksum(config.encoder, weights);
  const encoder = await encoderIn(config.encoder, weights);
  for (const note of await startNotes({ encoder, weights })) context.say(`${weights}: ${note}`);
  const contaminate = await contaminationOf(config, fraction);
  const dataSha256 = await dataChecksum(config, context.signal);
  const found = { ...config, encoder, weights, weightsSha256, dataSha256, contaminate };
  if (config.detector === undefined) return found;
  const { source, activation } = await openDetector(config.detector, found);
  await source.close();
  for (const note of source.notes) context.say(`${config.detector}: ${note}`);
  const detectorSha256 = await sha256Of(config.detector);
  return { ...found, detectorSha256, ...(activation && { activation }) };
}

/** Training images, or tiles, of a run. */
const countTiles = async (config: RunConfig): Promise<number> =>
  (await datasetOf(config)).train.length * gridIn(config).count;

/** The images that `--contaminate` moves into training; undefined for 0. */
async function contaminationOf(
  config: DataConfig & Pick<RunConfig, 'seed'>,
  fraction: number,
): Promise<RunConfig['contaminate']> {
  if (fraction === 0) return undefined;
  return { fraction, images: chooseContaminants(await datasetOf(config), fraction, config.seed) };
}
