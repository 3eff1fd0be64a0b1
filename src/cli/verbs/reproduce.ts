import { join, resolve } from 'node:path';
import type { Option } from 'commander';
import { ConfigError, FileError } from '../../errors.ts';
import { folderPlace } from '../../formats/regularFile.ts';
import { formatTable } from '../../report/table.ts';
import { type EncoderChoice, type Settings, setsOf } from '../../reproduce/cells.ts';
import {
  FIGURE_ENTRY,
  FIGURE_NAMES,
  type FigureName,
  type FigureRequest,
  reproduceFigure,
} from '../../reproduce/reproduceFigure.ts';
import { reproduceTable, type TableRequest } from '../../reproduce/reproduceTable.ts';
import type { Workers } from '../../reproduce/run.ts';
import { drawSets, type FoundSets, findSets } from '../../reproduce/sets.ts';
import { type SetName, TABLE_NAMES, TABLES, type TableName } from '../../reproduce/tables.ts';
import type { FlaggedName, RunConfig } from '../../run/settings.ts';
import { VERSION } from '../../version.ts';
import { weightsChecksum, weightsFor } from '../../weights/source.ts';
import { encoderIn } from '../../weights/start.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { integer, real } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { settingFlag } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { testWith } from './test.ts';
import { trainWith } from './train.ts';

interface ReproduceFlags {
  data: string[];
  out?: string;
  quick?: boolean;
  encoder?: string;
  weights?: string;
  efficientnetWeights?: string;
  seeds: number;
  size?: number;
  batch?: number;
  iterations?: number;
  width?: number;
  alignIterations?: number;
  contaminate?: number;
  classes: number;
  train: number;
  test: number;
  saveEvery: number;
}

/** Settings of --quick, unless a flag sets them: minutes on two CPU cores. */
const QUICK = {
  encoder: 'resnet18_w16',
  size: 64,
  batch: 8,
  iterations: 60,
  width: 16,
  alignIterations: 200,
  contaminate: 0.2,
} as const;
const PAPER_ENCODER = 'wide_resnet50_2';
const UNIAD_ENCODER = 'efficientnet_b4';

const ofQuick = (value: number | string): string => `; with --quick ${value}`;

/** A flag of `train`, without a value by itself. */
const usually = (name: FlaggedName, usual: string, quick: number | string, says?: string): Option =>
  settingFlag(name, { says, end: ` (default: ${usual}${ofQuick(quick)})` });

export const reproduceVerb: AddVerb = (program, run) => {
  program
    .command('reproduce <what>')
    .description(
      "run what a table or figure of the CADA paper needs, and print it beside the paper's numbers; the same command goes on where it was stopped",
    )
    .option(
      '--data <dir>',
      'a published data set, or a folder of them; may be given several times',
      (dir: string, before: string[] = []) => [...before, dir],
      [],
    )
    .option(
      '--out <dir>',
      'folder of all reproductions, which share runs (default: runs/reproduce, or runs/quick)',
    )
    .option('--quick', 'on small synthetic data, drawn into the folder, instead of --data')
    .addOption(usually('encoder', `${PAPER_ENCODER}, and ${UNIAD_ENCODER} for UniAD`, QUICK.encoder))
    .addOption(usually('weights', "by the encoder's name", 'embedded'))
    .option(
      '--efficientnet-weights <file|name>',
      `UniAD's: a file or name of weights for ${UNIAD_ENCODER} (default: ${UNIAD_ENCODER}, if fetched; with --encoder or --quick UniAD takes the encoder of all)`,
    )
    .option(
      '--seeds <n>',
      'runs of each cell, seeds from --seed on: mean and deviation',
      integer('--seeds', 1, 100),
      1,
    )
    .addOption(usually('size', "the paper's", QUICK.size, 'side of the images'))
    .addOption(usually('batch', "the paper's", QUICK.batch))
    .addOption(usually('iterations', "the paper's", QUICK.iterations).argParser(integer('--iterations', 1)))
    .addOption(
      usually(
        'width',
        "the paper's",
        QUICK.width,
        "channels of networks that have a width of their own, DRAEM's",
      ),
    )
    .addOption(
      usually('alignIterations', "the paper's", QUICK.alignIterations).argParser(
        integer('--align-iterations', 1),
      ),
    )
    .option(
      '--contaminate <f>',
      `fraction of BTAD's anomalous test images to mix into its training, for table5 (default: 0, it is noisy as it is${ofQuick(QUICK.contaminate)})`,
      real('--contaminate', 0, 0.9),
    )
    .option('--classes <n>', 'with --quick: classes of each data set', integer('--classes', 2, 12), 4)
    .option('--train <n>', 'with --quick: training images per class', integer('--train', 1), 16)
    .option('--test <n>', 'with --quick: test images per class', integer('--test', 2), 12)
    .option('--save-every <s>', 'seconds between checkpoints', real('--save-every', 0), 30)
    .addHelpText(
      'after',
      `\nWhat: ${NAMES.join(', ')}\n\nExample:\n  wgad reproduce table3 --data mvtec_ad --weights wide_resnet50_2\n  wgad reproduce table4 --quick`,
    )
    .action((what: string, flags: ReproduceFlags) =>
      run(async (context) => {
        const name = whatOf(what);
        const out = resolve(flags.out ?? join('runs', flags.quick ? 'quick' : 'reproduce'));
        await requireOutside('--out', out, flags.data);
        await folderPlace(out);
        const settings = await settingsOf(context, flags);
        const entries = isTable(name) ? TABLES[name].entries : [FIGURE_ENTRY];
        const wanted = setsOf(entries);
        const sets = await setsFor(context, name, wanted, flags, out);
        const workers = workersOf(context, flags);
        const request = { sets, synthetic: flags.quick ?? false, settings, out };
        const done = isTable(name)
          ? await tableWith(context, { ...request, name }, workers)
          : await figureWith(context, { ...request, name, gpu: context.gpu }, workers);
        if (!done) {
          context.say('stopped; the same command goes on');
          return EXIT.interrupted;
        }
        return wanted.every((set) => sets.has(set)) ? EXIT.done : EXIT.skipped;
      }),
    );
};

/** False where an interrupt stopped it. */
async function tableWith(context: Context, request: TableRequest, workers: Workers): Promise<boolean> {
  const done = await reproduceTable(request, workers);
  if (!done) return false;
  const { outcome, text, notes, files } = done;
  const parts = [outcome.title, notes.join('\n'), formatTable(text), `written: ${files.join(', ')}`];
  context.result(outcome, parts.join('\n\n'));
  return true;
}

async function figureWith(context: Context, request: FigureRequest, workers: Workers): Promise<boolean> {
  const done = await reproduceFigure(request, workers);
  if (!done) return false;
  context.result(done.outcome, `${done.outcome.title}\nwritten: ${done.files.join(', ')}`);
  return true;
}

const NAMES = [...TABLE_NAMES, ...FIGURE_NAMES];

function whatOf(what: string): TableName | FigureName {
  const name = NAMES.find((each) => each === what);
  if (!name) throw new ConfigError(`reproduce expects one of ${NAMES.join(', ')}, got ${what}`);
  return name;
}

const isTable = (name: TableName | FigureName): name is TableName =>
  (TABLE_NAMES as readonly string[]).includes(name);

async function settingsOf(context: Context, flags: ReproduceFlags): Promise<Settings> {
  const usual: Partial<typeof QUICK> = flags.quick ? QUICK : {};
  const encoder = flags.encoder ?? usual.encoder ?? PAPER_ENCODER;
  const shared = await choiceOf(encoder, flags.weights ?? (encoder === QUICK.encoder ? 'embedded' : encoder));
  return {
    version: VERSION,
    ...shared,
    efficientnet: await efficientnetOf(flags),
    seeds: Array.from({ length: flags.seeds }, (_, i) => context.seed + i),
    size: flags.size ?? usual.size,
    batch: flags.batch ?? usual.batch,
    iterations: flags.iterations ?? usual.iterations,
    width: flags.width ?? usual.width,
    alignIterations: flags.alignIterations ?? usual.alignIterations,
    noise: flags.contaminate ?? usual.contaminate ?? 0,
  };
}

async function choiceOf(encoder: string, said: string): Promise<EncoderChoice> {
  const weights = await weightsFor(encoder, said);
  const found = await encoderIn(encoder as RunConfig['encoder'], weights);
  return { encoder: found, weights, weightsSha256: await weightsChecksum(encoder, weights) };
}

/**
 * UniAD's own encoder, unless one encoder was chosen for all; null if its weights are missing: the table then lacks
 * this row.
 */
async function efficientnetOf({
  encoder,
  quick,
  efficientnetWeights,
}: ReproduceFlags): Promise<Settings['efficientnet']> {
  if (efficientnetWeights !== undefined) return choiceOf(UNIAD_ENCODER, efficientnetWeights);
  if (encoder !== undefined || quick) return undefined;
  return choiceOf(UNIAD_ENCODER, UNIAD_ENCODER).catch((error: unknown) => {
    if (error instanceof FileError) return null;
    throw error;
  });
}

async function setsFor(
  context: Context,
  name: TableName | FigureName,
  wanted: readonly SetName[],
  flags: ReproduceFlags,
  out: string,
): Promise<FoundSets> {
  if (flags.quick) {
    if (flags.data.length > 0) throw new ConfigError('--quick draws its own data: leave out --data');
    const { classes, train, test } = flags;
    const size = { classes, train, test, size: flags.size ?? QUICK.size, seed: context.seed };
    let shown: { set: SetName; progress: ReturnType<Context['progress']> } | undefined;
    const sets = await drawSets(join(out, 'data'), wanted, size, (set, done, of) => {
      if (shown?.set !== set) {
        shown?.progress.finish();
        shown = { set, progress: context.progress(`drawing ${set}`) };
      }
      shown.progress.update(done, of);
    });
    shown?.progress.finish();
    return sets;
  }
  if (flags.data.length === 0) {
    throw new ConfigError(`${name} is measured on ${wanted.join(' and ')}: --data is missing`, {
      fix: 'give the folder of the data set, or try --quick, which draws its own',
    });
  }
  const sets = await findSets(flags.data);
  const missing = wanted.filter((set) => !sets.has(set));
  if (missing.length === wanted.length) {
    throw new ConfigError(
      `${name} is measured on ${wanted.join(' and ')}; --data has ${[...sets.keys()].join(' and ')}`,
    );
  }
  if (missing.length > 0) context.say(`without ${missing.join(' and ')}, which --data has not`);
  return sets;
}

const workersOf = (context: Context, { saveEvery }: ReproduceFlags): Workers => ({
  train: (folder, config) => trainWith(context, folder, config, { resume: true, goOn: 'again', saveEvery }),
  test: (folder, options) => testWith(context, folder, options),
  signal: context.signal,
  say: (text) => context.say(text),
});
