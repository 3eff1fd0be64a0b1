import { resolve } from 'node:path';
import { chooseContaminants, type Layout } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { ALIGNMENTS, type Alignment, CADA_DEFAULTS } from '../../methods/cada.ts';
import { type DetectorDefaults, NORM_MODES, type NormMode } from '../../methods/detector.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName } from '../../methods/detectors.ts';
import { HEAD_STRUCTURES, type HeadStructure } from '../../models/regressor.ts';
import type { Precision } from '../../nn/trainable.ts';
import { isTrained, plannedClassRuns } from '../../train/classRuns.ts';
import { checkConfig, type RunConfig } from '../../train/config.ts';
import { openRevdist } from '../../train/detectorCheckpoint.ts';
import { FEATURE_BUDGET } from '../../train/detectorInputs.ts';
import { datasetOf } from '../../train/runDataset.ts';
import { type TrainOptions, trainRun } from '../../train/trainRun.ts';
import { WEIGHTS_HELP, weightsFor } from '../../train/weightsSource.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { LAYOUT_HELP, layoutName } from '../layoutFlag.ts';
import { integer, real, SCORE_FRACTION_HELP, scoreFraction } from '../numbers.ts';
import { PRECISION_HELP, precision } from '../precisionFlag.ts';
import type { AddVerb } from '../program.ts';
import { VERSION } from '../version.ts';

interface TrainFlags {
  out: string;
  method: string;
  encoder: string;
  weights: string;
  detector?: string;
  align: string;
  size?: number;
  batch?: number;
  iterations?: number;
  alignIterations?: number;
  lr?: number;
  encoderLr?: number;
  encoderNorm?: string;
  alignHead: string;
  alignDropout: number;
  alignKernel: number;
  scoreFraction: number;
  precision?: Precision;
  smoothing: string;
  layout?: Layout;
  contaminate: number;
  perClass?: boolean;
  resume?: boolean;
  saveEvery: number;
  featureDisk: number;
}

export const trainVerb: AddVerb = (program, run) => {
  program
    .command('train <dir>')
    .description('train the detector on normal images of all kinds mixed, then its alignment')
    .requiredOption('--out <run>', 'folder of the run')
    .option('--method <name>', `detector: ${DETECTOR_NAMES.join(', ')}`, 'revdist')
    .option('--encoder <name>', 'pre-trained network; the default ships with the package', 'resnet18_w16')
    .option('--weights <file|name>', WEIGHTS_HELP, 'embedded')
    .option(
      '--detector <file>',
      "a trained detector to start from: RD4AD's checkpoint, or the weights of a run; its decoder's activation comes with it",
    )
    .option('--align <names>', `comma-separated: ${ALIGNMENTS.join(', ')}`, 'cada')
    .option(
      '--size <px>',
      `side that images are resized to ${ofMethod(({ size }) => size)}`,
      integer('--size', 64),
    )
    .option('--batch <n>', `images per step ${ofMethod(({ batch }) => batch)}`, integer('--batch', 2))
    .option(
      '--iterations <n>',
      `steps of the detector ${ofMethod(({ iterations }) => iterations)}; with --detector 0: only the alignment is trained`,
      integer('--iterations', 0),
    )
    .option(
      '--align-iterations <n>',
      `steps of the alignment ${ofMethod(({ alignIterations }) => alignIterations)}`,
      integer('--align-iterations', 0),
    )
    .option(
      '--lr <x>',
      `learning rate of the detector ${ofMethod(({ optimiser }) => optimiser.lr)}`,
      real('--lr', 0),
    )
    .option(
      '--encoder-lr <x>',
      `learning rate of a trained encoder ${ofMethod(({ encoderLr }) => encoderLr)}`,
      real('--encoder-lr', 0),
    )
    .option(
      '--encoder-norm <mode>',
      `batch norms of a trained encoder while it trains: ${NORM_MODES.join(' or ')} ${ofMethod(({ encoderNorm }) => encoderNorm)}`,
    )
    .option(
      '--align-head <name>',
      `structure of the alignment's head: ${Object.keys(HEAD_STRUCTURES).join(', ')}`,
      '1-conv-2-linear',
    )
    .option('--align-dropout <p>', "dropout of the alignment's head", real('--align-dropout', 0, 0.99), 0.25)
    .option(
      '--align-kernel <n>',
      "kernel of the head's convolutions, 1 or 3",
      integer('--align-kernel', 1, 3),
      1,
    )
    .option('--score-fraction <q>', SCORE_FRACTION_HELP, scoreFraction, CADA_DEFAULTS.scoreFraction)
    .option('--smoothing <name>', 'of the maps: author (5 taps, zero border) or scipy', 'author')
    .option('--precision <name>', `${PRECISION_HELP}; training is f32 (default: f32)`, precision)
    .option('--layout <name>', LAYOUT_HELP, layoutName)
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
    .option('--resume', 'go on from the last checkpoint')
    .addHelpText(
      'after',
      '\nExample:\n  wgad train data/synth --out runs/first --size 128 --iterations 300\n  wgad train photos --out runs/rd --encoder wide_resnet50_2 --weights wide_resnet50_2 --detector rd4ad.pth',
    )
    .action((dir: string, flags: TrainFlags) =>
      run(async (context) => {
        const config = await configOf(context, dir, flags);
        const options = {
          resume: flags.resume ?? false,
          saveEvery: flags.saveEvery,
          features: { disk: flags.featureDisk * 2 ** 30 },
        };
        const done = flags.perClass
          ? await trainAllWith(context, flags.out, config, options)
          : await trainWith(context, flags.out, config, options);
        if (!done) {
          context.say(`stopped in ${flags.out}; go on with the same command and --resume`);
          return EXIT.interrupted;
        }
        context.result({ run: flags.out }, `trained: ${flags.out}`);
        return EXIT.done;
      }),
    );
};

/** The default as the methods have it, for the flag's help: once where all agree. */
function ofMethod(pick: (defaults: DetectorDefaults) => number | string | undefined): string {
  const found = DETECTOR_NAMES.flatMap((name) => {
    const value = pick(DETECTORS[name].defaults);
    return value === undefined ? [] : [{ name, value }];
  });
  const same = found.length === DETECTOR_NAMES.length && new Set(found.map(({ value }) => value)).size === 1;
  if (same) return `(default: ${found[0]!.value})`;
  return `(default: ${found.map(({ name, value }) => `${value} with ${name}`).join(', ')})`;
}

/** Trains with progress on stderr; false where Ctrl-C stopped it. */
export async function trainWith(
  context: Context,
  run: string,
  config: RunConfig,
  options: Pick<TrainOptions, 'resume' | 'saveEvery' | 'features'>,
): Promise<boolean> {
  let shown: { stage: string; progress: ReturnType<Context['progress']> } | undefined;
  const finished = await trainRun({
    run,
    config,
    ...options,
    gpu: context.gpu,
    signal: context.signal,
    onNote: (text) => context.say(text),
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
  options: Pick<TrainOptions, 'resume' | 'saveEvery' | 'features'>,
): Promise<boolean> {
  const { classes } = await datasetOf(config);
  const runs = [{ className: 'all', folder: run, config }, ...plannedClassRuns(run, config, classes)];
  for (const [i, { className, folder, config: own }] of runs.entries()) {
    if (options.resume && (await isTrained(folder, own))) continue;
    context.say(`model ${i + 1} of ${runs.length}: ${className}`);
    if (!(await trainWith(context, folder, own, options))) return false;
  }
  return true;
}

async function configOf(context: Context, dir: string, flags: TrainFlags): Promise<RunConfig> {
  const align = flags.align.split(',').map((name) => name.trim()) as Alignment[];
  if (flags.smoothing !== 'author' && flags.smoothing !== 'scipy') {
    throw new ConfigError(`--smoothing expects author or scipy, got ${flags.smoothing}`);
  }
  const method = flags.method as DetectorName;
  // An unknown method is refused below, with everything else that is wrong.
  const { defaults } = DETECTORS[method] ?? DETECTORS.revdist;
  const config: RunConfig = {
    version: VERSION,
    method,
    encoder: flags.encoder as RunConfig['encoder'],
    weights: flags.weights,
    ...(flags.detector === undefined ? {} : { detector: resolve(flags.detector) }),
    align,
    size: flags.size ?? defaults.size,
    batch: flags.batch ?? defaults.batch,
    iterations: flags.iterations ?? (flags.detector === undefined ? defaults.iterations : 0),
    alignIterations: flags.alignIterations ?? defaults.alignIterations,
    lr: flags.lr ?? defaults.optimiser.lr,
    encoderLr: flags.encoderLr ?? defaults.encoderLr,
    encoderNorm: (flags.encoderNorm as NormMode | undefined) ?? defaults.encoderNorm,
    seed: context.seed,
    data: resolve(dir),
    layout: flags.layout,
    smoothing: flags.smoothing,
    scoreFraction: flags.scoreFraction,
    precision: flags.precision === 'f16' ? flags.precision : undefined,
    alignHead: flags.alignHead as HeadStructure,
    alignDropout: flags.alignDropout,
    alignKernel: flags.alignKernel as 1 | 3,
    adapter: '',
  };
  checkConfig(config);
  const weights = await weightsFor(config.encoder, config.weights);
  const contaminate = await contaminationOf(config, flags.contaminate);
  if (config.detector === undefined) return { ...config, weights, contaminate };
  const { source, activation } = await openRevdist(config.detector, config.encoder);
  await source.close();
  return { ...config, weights, contaminate, activation };
}

/** Which images the flag moves; nothing at 0. */
async function contaminationOf(config: RunConfig, fraction: number): Promise<RunConfig['contaminate']> {
  if (fraction === 0) return undefined;
  return { fraction, images: chooseContaminants(await datasetOf(config), fraction, config.seed) };
}
