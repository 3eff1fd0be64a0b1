import { chooseCases } from '../../src/bench/kernels.ts';
import { measurePace } from '../../src/bench/pace.ts';
import { encoders, precisionFlag, sizeFlag, sizes } from '../../src/cli/benchFlags.ts';
import { addOutputFlags, type BenchOutput, measure } from '../../src/cli/benchRun.ts';
import { pattern } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { ENCODER_NAMES } from '../../src/models/encoders/index.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import type { EncoderName } from '../../src/score/features.ts';
import { benchRegret, regretText } from '../turns/regret.ts';

interface RegretFlags extends BenchOutput {
  filter: RegExp;
  model?: EncoderName[];
  batch: number[];
  size: number;
  precision: Precision;
}

export const regretVerb: AddVerb = (program, run) => {
  addOutputFlags(
    program
      .command('regret')
      .description("how much longer the rule's kernels take than those that wgad tune found")
      .option('--filter <regex>', 'cases whose network/name and shape match', pattern, /./)
      .option(
        '--model <names>',
        `comma-separated: ${ENCODER_NAMES.join(', ')}; all where none is given`,
        encoders,
      )
      .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1])
      .addOption(sizeFlag(256))
      .addOption(precisionFlag('what scoring stores: f32, or f16, then of scoring alone')),
  )
    .addHelpText('after', '\nExample:\n  wgad-bench regret --model resnet18')
    .action((flags: RegretFlags) =>
      run((context) =>
        measure(
          context,
          flags,
          async (session, { only }) => {
            const { filter, model: models, batch: batches, size, precision } = flags;
            const choice = { filter, models, batches, size, precision };
            const cases = chooseCases(session, choice).filter(only ?? (() => true));
            const progress = context.progress('regret');
            return benchRegret(session, cases, {
              pace: await measurePace(session),
              onCase: (done, of) => progress.update(done, of),
            });
          },
          { columns: [{ title: "rule's regret", cell: regretText }] },
        ),
      ),
    );
};
