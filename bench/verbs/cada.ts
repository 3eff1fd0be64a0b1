import { measurePace } from '../../src/bench/pace.ts';
import { addScoringFlags, modelsFor, precisionFlag } from '../../src/cli/benchFlags.ts';
import { addOutputFlags, type BenchOutput, measure } from '../../src/cli/benchRun.ts';
import { integer } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import type { DetectorName } from '../../src/methods/detectors.ts';
import type { PretrainedName } from '../../src/models/encoders/index.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import { addedText, benchAdded } from '../turns/added.ts';

interface CadaFlags extends BenchOutput {
  method: DetectorName;
  model?: PretrainedName[];
  filter?: RegExp;
  batch: number[];
  size?: number;
  images: number;
  precision: Precision;
}

export const cadaVerb: AddVerb = (program, run) => {
  addOutputFlags(
    addScoringFlags(
      program
        .command('cada')
        .description('what CADA adds to scoring, counted in the time of its own dispatches'),
    )
      .option('--images <n>', "training images behind the method's memory", integer('--images', 1), 100)
      .addOption(precisionFlag()),
  )
    .addHelpText('after', '\nExample:\n  wgad-bench cada --model wide_resnet50_2 --batch 1')
    .action((flags: CadaFlags) =>
      run((context) => {
        const { method, model, filter, batch: batches, size, images, precision } = flags;
        const choice = { method, models: modelsFor(method, model, filter), filter, batches, size, images };
        return measure(
          context,
          flags,
          async (session) => {
            const progress = context.progress('cada');
            return benchAdded(session, {
              ...choice,
              precision,
              pace: await measurePace(session),
              onCase: (done, of) => progress.update(done, of),
            });
          },
          { notes: addedText },
        );
      }),
    );
};
