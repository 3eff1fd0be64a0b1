import { resolve } from 'node:path';
import { chooseContaminants, type Layout } from '../../data/index.ts';
import { folderPlace } from '../../formats/regularFile.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { ALIGNMENTS, type Alignment } from '../../methods/cada.ts';
import { type DetectorDefaults, NORM_MODES, type NormMode, type Smoothing } from '../../methods/detector.ts';
import { DETECTOR_NAMES, type DetectorName, detectorIn } from '../../methods/detectors.ts';
import type { Precision } from '../../nn/trainable.ts';
import { plannedClassRuns } from '../../train/classRuns.ts';
import { checkConfig, iterationsFor, type RunConfig, resizeFor } from '../../train/config.ts';
import { dataChecksum } from '../../train/dataChecksum.ts';
import { openDetector } from '../../train/detectorCheckpoint.ts';
import { FEATURE_BUDGET } from '../../train/detectorInputs.ts';
import { DEFAULT_ENCODER } from '../../train/embeddedEncoders.ts';
import { isTrained } from '../../train/finishedRun.ts';
import { encoderIn, startNotes } from '../../train/loadStart.ts';
import { datasetOf } from '../../train/runDataset.ts';
import { type TrainOptions, trainRun } from '../../train/trainRun.ts';
import { WEIGHTS_HELP, weightsChecksum, weightsFor } from '../../train/weightsSource.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { LAYOUT_HELP, layoutName } from '../layoutFlag.ts';
import { ofMemories, ofMethod, presets, withAnomalies } from '../methodHelp.ts';
import { integer, real, SCORE_FRACTION_HELP, scoreFraction } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { PRECISION_HELP, precision } from '../precisionFlag.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';
import { VERSION } from '../version.ts';
import { warner } from '../warnings.ts';
import { addChoices, type ChoiceFlags, choicesOf } from './trainChoices.ts';

interface TrainFlags extends ChoiceFlags {
  out: string;
  method: string;
  preset?: string;
  encoder?: string;
  weights?: string;
  detector?: string;
  align: string;
  size?: number;
  resize?: number;
  batch?: number;
  iterations?: number;
  alignIterations?: number;
  lr?: number;
  encoderLr?: number;
  encoderNorm?: string;
  width?: number;
  textures?: string;
  scoreFraction?: number;
  smoothing?: string;
  coresetFraction?: number;
  precision?: Precision;
  layout?: Layout;
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
    .addOption(requiredOption('--out <run>', 'folder of the run'))
    .option('--method <name>', `detector: ${DETECTOR_NAMES.join(', ')}`, 'revdist')
    .option('--preset <name>', `settings of the method other than the paper's: ${presets()}`)
    .option(
      '--encoder <name>',
      `pre-trained network (default: ${DEFAULT_ENCODER}, which ships with the package; none where the method has none)`,
    )
    .option('--weights <file|name>', `${WEIGHTS_HELP} (default: embedded)`)
    .option(
      '--detector <file>',
      "a trained detector to start from: RD4AD's checkpoint (its decoder's activation comes with it), UniAD's, or the weights of a run",
    )
    .option('--align <names>', `comma-separated: ${ALIGNMENTS.join(', ')}`, 'cada')
    .option(
      '--size <px>',
      `side of the images that the method sees ${ofMethod(({ size }) => size)}`,
      integer('--size', 64),
    )
    .option(
      '--resize <px>',
      `side that images are resized to before their middle is taken ${ofMethod(({ resize }) => resize)}; in proportion for another --size`,
      integer('--resize', 64),
    )
    .option('--batch <n>', `images per step ${ofMethod(({ batch }) => batch)}`, integer('--batch', 2))
    .option(
      '--iterations <n>',
      `steps of the detector ${ofMethod(({ iterations }) => (typeof iterations === 'number' ? iterations : `${iterations.epochs} passes`))}; with --detector 0: only the alignment is trained`,
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
      '--width <n>',
      `channels of a method's own networks at full resolution ${ofMethod(({ width }) => width)}`,
      integer('--width', 2),
    )
    .option(
      '--textures <dir>',
      `images that drawn anomalies are made of, for ${withAnomalies()} (default: drawn textures)`,
    )
    .option(
      '--score-fraction <q>',
      `${SCORE_FRACTION_HELP} ${ofMethod(({ scoreFraction }) => scoreFraction ?? "the method's own score")}`,
      scoreFraction,
    )
    .option(
      '--smoothing <name>',
      `of the maps: author (5 taps, zero border), scipy (33 taps, reflected border) or none ${ofMethod(({ smoothing }) => smoothing)}`,
    )
    .option(
      '--coreset-fraction <f>',
      `share of the training patches that the memory keeps ${ofMemories()}`,
      real('--coreset-fraction', 0, 1),
    )
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
        await requireOutside('--out', flags.out, [dir, ...(flags.textures ? [flags.textures] : [])]);
        await folderPlace(flags.out);
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
  addChoices(verb);
};

/** Trains with progress on stderr; false where Ctrl-C stopped it. */
export async function trainWith(
  context: Context,
  run: string,
  config: RunConfig,
  options: Pick<TrainOptions, 'resume' | 'goOn' | 'saveEvery' | 'features'>,
): Promise<boolean> {
  let shown: { stage: string; progress: ReturnType<Context['progress']> } | undefined;
  const finished = await trainRun({
    run,
    config,
    ...options,
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
  const method = flags.method as DetectorName;
  // An unknown method is refused below, with everything else that is wrong.
  const known = DETECTOR_NAMES.includes(method);
  const { defaults, encoders, memory } = detectorIn({
    method: known ? method : 'revdist',
    preset: flags.preset,
  });
  const bare = encoders.length === 0;
  const size = flags.size ?? defaults.size;
  const batch = flags.batch ?? defaults.batch;
  const config: RunConfig = {
    version: VERSION,
    method,
    preset: flags.preset,
    encoder: (flags.encoder ?? (bare ? 'none' : DEFAULT_ENCODER)) as RunConfig['encoder'],
    weights: flags.weights ?? (bare ? 'none' : 'embedded'),
    ...(flags.detector === undefined ? {} : { detector: resolve(flags.detector) }),
    align,
    size,
    resize: flags.resize ?? resizeFor(defaults, size),
    resample: defaults.resample,
    batch,
    iterations:
      flags.iterations ??
      (flags.detector === undefined ? await usualIterations(dir, flags, defaults, batch) : 0),
    alignIterations: flags.alignIterations ?? defaults.alignIterations,
    lr: flags.lr ?? defaults.optimiser.lr,
    encoderLr: flags.encoderLr ?? defaults.encoderLr,
    encoderNorm: (flags.encoderNorm as NormMode | undefined) ?? defaults.encoderNorm,
    width: flags.width ?? defaults.width,
    ...(flags.textures === undefined ? {} : { textures: resolve(flags.textures) }),
    seed: context.seed,
    data: resolve(dir),
    layout: flags.layout,
    smoothing: (flags.smoothing ?? defaults.smoothing) as Smoothing,
    scoreFraction: flags.scoreFraction ?? defaults.scoreFraction,
    ...choicesOf(flags),
    coresetFraction: flags.coresetFraction ?? (memory?.kind === 'coreset' ? memory.fraction : undefined),
    precision: flags.precision === 'f16' ? flags.precision : undefined,
    adapter: '',
  };
  checkConfig(config);
  const weights = bare ? config.weights : await weightsFor(config.encoder, config.weights);
  const weightsSha256 = await weightsChecksum(config.encoder, weights);
  const encoder = await encoderIn(config.encoder, weights);
  for (const note of await startNotes({ encoder, weights })) context.say(`${weights}: ${note}`);
  const contaminate = await contaminationOf(config, flags.contaminate);
  const dataSha256 = await dataChecksum(config, context.signal);
  const found = { ...config, encoder, weights, weightsSha256, dataSha256, contaminate };
  if (config.detector === undefined) return found;
  const { source, activation } = await openDetector(config.detector, { ...config, encoder });
  await source.close();
  for (const note of source.notes) context.say(`${config.detector}: ${note}`);
  const detectorSha256 = await sha256Of(config.detector);
  return { ...found, detectorSha256, ...(activation && { activation }) };
}

/** Where the method counts passes over the images, they are counted first. */
async function usualIterations(
  dir: string,
  { layout }: TrainFlags,
  { iterations }: DetectorDefaults,
  batch: number,
): Promise<number> {
  if (typeof iterations === 'number') return iterations;
  const { train } = await datasetOf({ data: resolve(dir), layout });
  return iterationsFor(iterations, train.length, batch);
}

/** Which images the flag moves; nothing at 0. */
async function contaminationOf(config: RunConfig, fraction: number): Promise<RunConfig['contaminate']> {
  if (fraction === 0) return undefined;
  return { fraction, images: chooseContaminants(await datasetOf(config), fraction, config.seed) };
}
