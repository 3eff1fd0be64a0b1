import { benchKernelPeers } from '../../../bench/duels/kernels.ts';
import { benchKernels, chooseCases } from '../../bench/kernels.ts';
import { benchAdded, benchLatency } from '../../bench/latency.ts';
import { measurePace } from '../../bench/pace.ts';
import { KERNEL_PEERS, PEERS, type PeerName, SCORING_PEERS, TRAINING_PEERS } from '../../../bench/peers/peer.ts';
import { benchTrain } from '../../bench/train.ts';
import { benchVersus } from '../../../bench/duels/networks.ts';
import { ConfigError } from '../../errors.ts';
import type { Alignment } from '../../methods/cada.ts';
import { DETECTOR_NAMES, type DetectorName } from '../../methods/detectors.ts';
import { PRETRAINED_NAMES, type PretrainedName } from '../../models/encoders.ts';
import { RESNETS, type ResNetName } from '../../models/resnet.ts';
import type { Precision } from '../../nn/trainable.ts';
import { encodersFor, type RunConfig } from '../../train/config.ts';
import { ENCODER_NAMES, type EncoderName } from '../../train/encoder.ts';
import {
  detector,
  encoders,
  kernelPeers,
  models,
  peers,
  pretrainedNames,
  sideOf,
  sizes,
  timedAlignments,
  trainingPeers,
  trainingSizes,
} from '../benchFlags.ts';
import { comparedModel, comparedNetwork, withPeers } from '../../../bench/verbs/peers.ts';
import { type BenchOutput, measure } from '../benchRun.ts';
import { integer, pattern } from '../numbers.ts';
import { PRECISION_HELP, precision } from '../precisionFlag.ts';
import type { AddVerb, Runner } from '../program.ts';

const ENCODER_LIST = `comma-separated: ${ENCODER_NAMES.join(', ')}`;
const RESNET_NAMES = Object.keys(RESNETS) as ResNetName[];
const MODEL_NAMES = `comma-separated: ${RESNET_NAMES.join(', ')}`;
const COMPARE_HELP =
  'exit 1 where a case takes longer than in this file of records by more than its noise band (3 to 10 %), or none is in it';
/** Where nothing is chosen, the smallest and the widest that is published. */
const COMPARED: readonly PretrainedName[] = ['resnet18', 'wide_resnet50_2'];

export const benchVerb: AddVerb = (program, run) => {
  const bench = program
    .command('bench')
    .description('measure this engine on this adapter')
    .addHelpText('after', '\nExample:\n  wgad bench latency --model resnet18');
  bench
    .command('kernels')
    .description('single operations, taken from the networks as they are trained and scored')
    .option(
      '--filter <regex>',
      'cases whose network/name and shape match; default the heaviest of each kind',
      pattern,
    )
    .option(
      '--model <names>',
      `${ENCODER_LIST}; default resnet18,efficientnet_b4, with --filter all`,
      encoders,
    )
    .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1])
    .option('--size <px>', 'side of the images', sideOf, 256)
    .option('--precision <name>', 'what scoring stores: f32, or f16, then of scoring alone', precision, 'f32')
    .option(
      '--peers <names>',
      `time convolutions and products against other engines: ${KERNEL_PEERS.join(', ')}`,
      kernelPeers,
    )
    .option('--rounds <n>', 'with --peers, samples of each engine', integer('--rounds', 1), 9)
    .option('--out <file>', 'write the records as JSON')
    .option('--compare <file>', COMPARE_HELP)
    .option('--force', 'compare although the file is of another adapter')
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench kernels --filter "resnet18/conv2d 3x3 s1"\n  wgad bench kernels --peers tfjs-webgpu --model resnet18',
    )
    .action((flags: KernelFlags) => kernels(run, flags));
  bench
    .command('latency')
    .description('milliseconds to score images, with and without CADA, per model and batch size')
    .option('--method <name>', `detector: ${DETECTOR_NAMES.join(', ')}; default revdist`, detector)
    .option(
      '--model <names>',
      `comma-separated encoders: ${PRETRAINED_NAMES.join(', ')}; default resnet18_w16 where the method has it, with --peers resnet18,wide_resnet50_2`,
      pretrainedNames,
    )
    .option('--filter <regex>', 'cases whose name and shape match, of all encoders', pattern)
    .option('--batch <sizes>', 'comma-separated batch sizes; default 1,16, with --peers 1', sizes)
    .option('--size <px>', "side of the images; default the method's, with --peers 256", sideOf)
    .option('--align <names>', 'alignments to time: none, cada', timedAlignments, ['none', 'cada'])
    .option('--images <n>', "training images behind the method's memory", integer('--images', 1), 100)
    .option('--cada-share', 'what CADA adds to scoring, counted in the time of its own dispatches')
    .option(
      '--precision <name>',
      `${PRECISION_HELP}; f16 with the maps' distance from those in f32`,
      precision,
      'f32',
    )
    .option(
      '--peers <names>',
      `time classifiers against other engines: ${PEERS.join(', ')}; with --method revdist its scoring: ${SCORING_PEERS.join(', ')}`,
      peers,
    )
    .option('--rounds <n>', 'with --peers, samples of each engine', integer('--rounds', 1), 9)
    .option('--out <file>', 'write the records as JSON')
    .option('--compare <file>', COMPARE_HELP)
    .option('--force', 'compare although the file is of another adapter')
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench latency --size 128 --batch 1\n  wgad bench latency --method cfa --model wide_resnet50_2 --batch 1\n  wgad bench latency --peers ort-webgpu --model resnet18\n  wgad bench latency --method revdist --peers torch --batch 1,16',
    )
    .action((flags: LatencyFlags) => (flags.peers ? versus(run, flags, flags.peers) : latency(run, flags)));
  bench
    .command('train')
    .description("milliseconds of RevDist's training step, the frozen encoder's forward pass included")
    .option('--model <names>', `${MODEL_NAMES}; default resnet18, with --filter all`, models)
    .option('--filter <regex>', 'cases whose name and shape match', pattern)
    .option('--batch <sizes>', 'comma-separated batch sizes', trainingSizes, [8])
    .option('--size <px>', 'side of the images', sideOf, 128)
    .option(
      '--peers <names>',
      `do the same step in other engines: ${TRAINING_PEERS.join(', ')}`,
      trainingPeers,
    )
    .option('--rounds <n>', 'with --peers, samples of each engine', integer('--rounds', 1), 9)
    .option('--out <file>', 'write the records as JSON')
    .option('--compare <file>', COMPARE_HELP)
    .option('--force', 'compare although the file is of another adapter')
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench train --model resnet18_w16\n  wgad bench train --peers tfjs-webgpu --rounds 3',
    )
    .action((flags: TrainFlags) => train(run, flags));
};

interface PeerFlags extends BenchOutput {
  filter?: RegExp;
  size: number;
  peers?: PeerName[];
  rounds: number;
}
interface KernelFlags extends PeerFlags {
  model?: EncoderName[];
  batch: number[];
  precision: Precision;
}
interface LatencyFlags extends Omit<PeerFlags, 'size'> {
  method?: DetectorName;
  model?: PretrainedName[];
  batch?: number[];
  size?: number;
  align: Alignment[];
  images: number;
  cadaShare?: boolean;
  precision: Precision;
}
interface TrainFlags extends PeerFlags {
  model?: ResNetName[];
  batch: number[];
}

const kernels = (run: Runner, flags: KernelFlags): Promise<void> =>
  run((context) =>
    withPeers(context, flags.peers ?? [], (peers) =>
      measure(context, flags, async (session, { clock, only }) => {
        const { filter, model: models, batch: batches, size, rounds } = flags;
        const comparable = peers.length > 0;
        if (comparable && flags.precision !== 'f32') {
          throw new ConfigError(
            '--precision f16 with --peers is for bench latency: single operations are compared in f32',
          );
        }
        const choice = { filter, models, batches, size, precision: flags.precision, comparable };
        const cases = chooseCases(session, choice).filter(only ?? (() => true));
        const progress = context.progress('kernels');
        const onCase = (done: number, of: number): void => progress.update(done, of);
        const pace = await measurePace(session);
        if (!comparable) return benchKernels(session, cases, { pace, clock, onCase });
        const onLeftOut = (why: string): void => context.say(why);
        return benchKernelPeers(session, cases, { peers, rounds, pace, onCase, onLeftOut });
      }),
    ),
  );

const latency = (run: Runner, flags: LatencyFlags): Promise<void> =>
  run((context) => {
    const { method = 'revdist', batch = [1, 16], size, align, images } = flags;
    const models = modelsOf(method, flags);
    return measure(context, flags, async (session, { clock, only }) => {
      const pace = await measurePace(session);
      const progress = context.progress('latency');
      return (flags.cadaShare ? benchAdded : benchLatency)(session, {
        method,
        models,
        filter: flags.filter,
        only,
        batches: batch,
        size,
        images,
        alignments: align,
        precision: flags.precision,
        pace,
        clock,
        onCase: (done, of) => progress.update(done, of),
      });
    });
  });

/** @throws ConfigError for encoders that the method does not work with. */
function modelsOf(
  method: DetectorName,
  { model: given, filter }: Pick<LatencyFlags, 'model' | 'filter'>,
): RunConfig['encoder'][] {
  const fitting = encodersFor({ method });
  const wrong = (given ?? []).filter((name) => !fitting.includes(name));
  if (wrong.length > 0) {
    throw new ConfigError(
      `--model expects any of ${fitting.join(', ')} with ${method}, got ${wrong.join(', ')}`,
    );
  }
  if (given ?? filter) return [...(given ?? fitting)];
  return [fitting.find((name) => name === 'resnet18_w16') ?? fitting[0]!];
}

const versus = (run: Runner, flags: LatencyFlags, names: PeerName[]): Promise<void> =>
  run((context) => {
    const network = comparedNetwork(flags.method, flags.precision);
    const models = flags.filter && !flags.model ? RESNET_NAMES : (flags.model ?? COMPARED).map(comparedModel);
    return withPeers(context, names, (peers) =>
      measure(context, flags, (session, { only }) => {
        const progress = context.progress('latency');
        return benchVersus(session, {
          network,
          models,
          filter: flags.filter,
          only,
          batches: flags.batch ?? [1],
          size: flags.size ?? 256,
          precision: flags.precision,
          peers,
          rounds: flags.rounds,
          onCase: (done, of) => progress.update(done, of),
        });
      }),
    );
  });

const train = (run: Runner, flags: TrainFlags): Promise<void> =>
  run((context) =>
    withPeers(context, flags.peers ?? [], (peers) =>
      measure(context, flags, (session, { clock, only }) => {
        const progress = context.progress('train');
        return benchTrain(session, {
          clock,
          only,
          models: flags.model ?? (flags.filter ? RESNET_NAMES : ['resnet18']),
          filter: flags.filter,
          batches: flags.batch,
          size: flags.size,
          peers,
          rounds: flags.rounds,
          onCase: (done, of) => progress.update(done, of),
        });
      }),
    ),
  );
