import { benchKernels, chooseCases } from '../../bench/kernels.ts';
import { benchLatency } from '../../bench/latency.ts';
import { measurePace } from '../../bench/pace.ts';
import { benchTrain } from '../../bench/train.ts';
import type { Alignment } from '../../methods/alignments/index.ts';
import type { DetectorName } from '../../methods/detectors.ts';
import type { PretrainedName } from '../../models/encoders/index.ts';
import type { ResNetName } from '../../models/resnet.ts';
import type { Precision } from '../../nn/trainable.ts';
import { SETTINGS } from '../../run/settings.ts';
import type { EncoderName } from '../../score/features.ts';
import {
  addCaseFlags,
  addScoringFlags,
  addTrainingFlags,
  modelsFor,
  precisionFlag,
  RESNET_NAMES,
  timedAlignments,
} from '../benchFlags.ts';
import { addOutputFlags, type BenchOutput, measure } from '../benchRun.ts';
import { integer } from '../numbers.ts';
import type { AddVerb, Runner } from '../verb.ts';
import { benchHistoryVerb } from './benchHistory.ts';
import { benchKernelVerb } from './benchKernel.ts';
import { benchOpVerb } from './benchOp.ts';

export const benchVerb: AddVerb = (program, run) => {
  const bench = program
    .command('bench')
    .description('measure this engine on this adapter')
    .addHelpText('after', '\nExample:\n  wgad bench latency --model resnet18');
  benchOpVerb(bench, run);
  benchKernelVerb(bench, run);
  benchHistoryVerb(bench, run);
  addOutputFlags(
    addCaseFlags(
      bench
        .command('kernels')
        .description('single operations, taken from the networks as they are trained and scored'),
    ).addOption(precisionFlag('what scoring stores: f32, or f16, then of scoring alone')),
  )
    .addHelpText('after', '\nExample:\n  wgad bench kernels --filter "resnet18/conv2d 3x3 s1"')
    .action((flags: KernelFlags) => kernels(run, flags));
  addOutputFlags(
    addScoringFlags(
      bench
        .command('latency')
        .description('milliseconds to score images, with and without CADA, per model and batch size'),
    )
      .option('--align <names>', 'alignments to time: none, cada', timedAlignments, ['none', 'cada'])
      .option('--images <n>', "training images behind the method's memory", integer('--images', 1), 100)
      .addOption(precisionFlag(`${SETTINGS.precision.says}; f16 with the maps' distance from those in f32`)),
  )
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench latency --size 128 --batch 1\n  wgad bench latency --method cfa --model wide_resnet50_2 --batch 1',
    )
    .action((flags: LatencyFlags) => latency(run, flags));
  addOutputFlags(
    addTrainingFlags(
      bench
        .command('train')
        .description("milliseconds of RevDist's training step, the frozen encoder's forward pass included"),
    ),
  )
    .addHelpText('after', '\nExample:\n  wgad bench train --model resnet18_w16')
    .action((flags: TrainFlags) => train(run, flags));
};

interface KernelFlags extends BenchOutput {
  filter?: RegExp;
  model?: EncoderName[];
  batch: number[];
  size: number;
  precision: Precision;
}
interface LatencyFlags extends BenchOutput {
  filter?: RegExp;
  method: DetectorName;
  model?: PretrainedName[];
  batch: number[];
  size?: number;
  align: Alignment[];
  images: number;
  precision: Precision;
}
interface TrainFlags extends BenchOutput {
  filter?: RegExp;
  model?: ResNetName[];
  batch: number[];
  size: number;
}

const kernels = (run: Runner, flags: KernelFlags): Promise<void> =>
  run((context) =>
    measure(context, flags, async (session, { clock, only }) => {
      const { filter, model, batch, size, precision } = flags;
      const choice = { filter, models: model, batches: batch, size, precision };
      const cases = chooseCases(session, choice).filter(only ?? (() => true));
      const progress = context.progress('kernels');
      const pace = await measurePace(session);
      const onCase = (done: number, of: number): void => progress.update(done, of);
      return benchKernels(session, cases, { pace, clock, onCase });
    }),
  );

const latency = (run: Runner, flags: LatencyFlags): Promise<void> =>
  run((context) => {
    const { method, model, filter, batch, size, images, align, precision } = flags;
    const models = modelsFor(method, model, filter);
    return measure(context, flags, async (session, { clock, only }) => {
      const pace = await measurePace(session);
      const progress = context.progress('latency');
      return benchLatency(session, {
        method,
        models,
        filter,
        only,
        batches: batch,
        size,
        images,
        alignments: align,
        precision,
        pace,
        clock,
        onCase: (done, of) => progress.update(done, of),
      });
    });
  });

const train = (run: Runner, flags: TrainFlags): Promise<void> =>
  run((context) =>
    measure(context, flags, (session, { clock, only }) => {
      const { filter, model, batch, size } = flags;
      const progress = context.progress('train');
      return benchTrain(session, {
        models: model ?? (filter ? RESNET_NAMES : ['resnet18']),
        filter,
        only,
        batches: batch,
        size,
        clock,
        onCase: (done, of) => progress.update(done, of),
      });
    }),
  );
